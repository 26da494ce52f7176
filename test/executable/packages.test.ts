/** The packages of a release: what is in them, and that what is in them runs. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { goTool } from '../support/go-tool.ts';
import { executable } from './roots.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const address = 'https://host.invalid/us/k8s-leader/releases/download/v1';
const deb = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64' | 'arm64'];
const apk = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as 'x64' | 'arm64'];

let build: string;
beforeAll(async () => {
  build = mkdtempSync(join(tmpdir(), 'k8s-leader-packages-test-'));
  linkOrCopy(executable, join(build, basename(executable)));
  linkOrCopy('build/THIRD-PARTY-NOTICES', join(build, 'THIRD-PARTY-NOTICES'));
  const nfpm = await goTool({
    name: 'nfpm',
    command: 'github.com/goreleaser/nfpm/v2/cmd/nfpm',
    folder: resolve('packaging/nfpm'),
  });
  const env = { ...process.env, BUILD: build, NFPM: nfpm, QUICK: '1' };
  execFileSync(process.execPath, ['scripts/packages.js', address], { env });
});
afterAll(() => {
  rmSync(build, { recursive: true, force: true });
});

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

const programs = ['bin/k8s-leader', 'bin/kubectl-leader', 'bin/kubectl_complete-leader'];
const texts = (zsh: string) => [
  'share/bash-completion/completions/k8s-leader',
  'share/doc/k8s-leader/LICENSE',
  'share/doc/k8s-leader/THIRD-PARTY-NOTICES',
  'share/fish/vendor_completions.d/k8s-leader.fish',
  'share/man/man1/k8s-leader.1',
  `share/zsh/${zsh}/_k8s-leader`,
];

/** Unpacks it, checks the files below `folder`, and runs the program. */
function check(unpack: (target: string) => void, folder: string, zsh: string): void {
  const target = mkdtempSync(join(build, 'unpacked-'));
  unpack(target);
  const root = join(target, folder);
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  expect(files.sort()).toEqual([...programs, ...texts(zsh)].sort());
  expect(readlinkSync(join(root, 'bin/kubectl-leader'))).toBe('k8s-leader');
  const said = (program: string, ...args: string[]) =>
    execFileSync(join(root, 'bin', program), args, { encoding: 'utf8', env: {} });
  expect(said('k8s-leader', '--version')).toContain(version);
  expect(said('kubectl-leader', '--help')).toContain('kubectl leader');
  for (const text of texts(zsh)) expect(readFileSync(join(root, text), 'utf8')).not.toBe('');
}

test('the tarball has the program, its other names, manual page and completions', () => {
  const file = join(build, `k8s-leader-linux-${process.arch}.tar.gz`);
  check(
    (target) => execFileSync('tar', ['-xzf', file, '-C', target]),
    'k8s-leader',
    'site-functions',
  );
});

test('so has the .deb, which needs nothing', () => {
  const file = join(build, `k8s-leader_${version}_${deb}.deb`);
  check((target) => execFileSync('dpkg-deb', ['-x', file, target]), 'usr', 'vendor-completions');
  const fields = execFileSync('dpkg-deb', ['--field', file], { encoding: 'utf8' });
  expect(fields).toContain('Package: k8s-leader\n');
  expect(fields).toContain(`Version: ${version}\n`);
  expect(fields).toContain(`Architecture: ${deb}\n`);
  expect(fields).not.toContain('Depends:');
});

test('and the .apk', () => {
  const file = join(build, `k8s-leader_${version}_${apk}.apk`);
  // What apk itself reads before the files is hidden in names with a dot.
  const visible = ['--exclude=.*', '--warning=no-unknown-keyword'];
  check(
    (target) => execFileSync('tar', ['-xzf', file, '-C', target, ...visible]),
    'usr',
    'site-functions',
  );
  const about = execFileSync('tar', ['-xzOf', file, '--warning=no-unknown-keyword', '.PKGINFO']);
  expect(about.toString()).not.toContain('depend =');
});

test('the manifest for Krew names what is there', () => {
  const { metadata, spec } = JSON.parse(readFileSync(join(build, 'leader.yaml'), 'utf8')) as {
    metadata: object;
    spec: { version: string; homepage: string; platforms: readonly object[] };
  };
  const file = `k8s-leader-linux-${process.arch}.tar.gz`;
  const sha256 = createHash('sha256')
    .update(readFileSync(join(build, file)))
    .digest('hex');
  expect(metadata).toEqual({ name: 'leader' });
  expect(spec).toMatchObject({
    version: `v${version}`,
    homepage: 'https://host.invalid/us/k8s-leader',
    platforms: [
      {
        selector: { matchLabels: { os: 'linux', arch: deb } },
        uri: `${address}/${file}`,
        sha256,
        bin: 'k8s-leader',
      },
    ],
  });
  expect(spec.platforms).toHaveLength(1);
});
