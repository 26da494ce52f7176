/**
 * Packages of the executables in build/, for a release:
 *
 *     node scripts/packages.js https://…/releases/download/v1.2.3
 *
 * - k8s-leader-<form>.tar.gz, of each form: program, manual page, completions, licences, to be unpacked into /usr/local
 * - k8s-leader_<version>_<machine>.deb and .apk, made by nfpm (packaging/nfpm)
 * - leader.yaml, a manifest for Krew, where the address says from where it loads the tarballs
 *
 * $NFPM is nfpm; without it Go makes one. With $QUICK they are bigger, and made in a fraction of the time.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const build = process.env.BUILD ?? join(root, 'build');
const { version, description, license } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const isQuick = process.env.QUICK !== undefined;
const machines = { x64: { deb: 'amd64', apk: 'x86_64' }, arm64: { deb: 'arm64', apk: 'aarch64' } };
const completions = {
  bash: 'share/bash-completion/completions/k8s-leader',
  zsh: 'share/zsh/site-functions/_k8s-leader',
  fish: 'share/fish/vendor_completions.d/k8s-leader.fish',
};

/** Whatever the form: completions come from the program for this machine. */
function fill(folder, form) {
  const place = (path) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  };
  const copy = (from, path, mode = 0o644) => {
    const file = place(path);
    copyFileSync(from, file);
    chmodSync(file, mode);
  };
  copy(join(build, `k8s-leader-${form}`), 'bin/k8s-leader', 0o755);
  for (const name of ['kubectl-leader', 'kubectl_complete-leader'])
    symlinkSync('k8s-leader', join(folder, 'bin', name));
  copy(join(root, 'man/k8s-leader.1'), 'share/man/man1/k8s-leader.1');
  copy(join(root, 'LICENSE'), 'share/doc/k8s-leader/LICENSE');
  copy(join(build, 'THIRD-PARTY-NOTICES'), 'share/doc/k8s-leader/THIRD-PARTY-NOTICES');
  const runnable = join(build, `k8s-leader-linux-${process.arch}`);
  for (const [shell, path] of Object.entries(completions)) {
    writeFileSync(place(path), execFileSync(runnable, ['completion', shell]), { mode: 0o644 });
  }
}

/** The same bytes, whoever makes it. */
function tarball(folder, file) {
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  const args = [...same, '-cf', '-', '-C', dirname(folder), 'k8s-leader'];
  const tar = execFileSync('tar', args, { maxBuffer: 2 ** 30 });
  writeFileSync(
    file,
    execFileSync('gzip', [isQuick ? '-1n' : '-9n'], { input: tar, maxBuffer: 2 ** 30 }),
  );
}

/** A .deb or .apk of what has been filled into the folder. */
function systemPackage(folder, form, packager) {
  const machine = machines[form.split('-')[1]];
  const contents = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const src = join(entry.parentPath, entry.name);
      const path = src.slice(folder.length).replace('zsh/site-functions', zshFolder[packager]);
      return entry.isSymbolicLink()
        ? { src: 'k8s-leader', dst: `/usr${path}`, type: 'symlink' }
        : { src, dst: `/usr${path}` };
    });
  const config = {
    name: 'k8s-leader',
    arch: machine.deb,
    platform: 'linux',
    version,
    maintainer: 'the authors of k8s-leader <noreply@k8s-leader.invalid>',
    description,
    license,
    section: 'admin',
    mtime: new Date(0).toISOString(),
    contents,
    deb: { compression: isQuick ? 'none' : 'gzip' },
  };
  const file = join(dirname(folder), 'nfpm.yaml');
  writeFileSync(file, JSON.stringify(config));
  const target = join(build, `k8s-leader_${version}_${machine[packager]}.${packager}`);
  const nfpm = process.env.NFPM
    ? [process.env.NFPM]
    : ['go', '-C', join(root, 'packaging/nfpm'), 'tool', 'nfpm'];
  const args = ['package', '--config', file, '--packager', packager, '--target', target];
  execFileSync(nfpm[0], [...nfpm.slice(1), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  return target;
}

const zshFolder = { deb: 'zsh/vendor-completions', apk: 'zsh/site-functions' };

/** https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/, as JSON, which is YAML. */
function krewManifest(tarballs, address) {
  const platforms = tarballs.map(({ form, file }) => ({
    selector: { matchLabels: { os: 'linux', arch: machines[form.split('-')[1]].deb } },
    uri: `${address}/${file}`,
    sha256: createHash('sha256')
      .update(readFileSync(join(build, file)))
      .digest('hex'),
    files: [
      { from: 'k8s-leader/bin/k8s-leader', to: '.' },
      { from: 'k8s-leader/share/doc/k8s-leader/LICENSE', to: '.' },
    ],
    bin: 'k8s-leader',
  }));
  return {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'leader' },
    spec: {
      version: `v${version}`,
      homepage: address.replace(/\/releases\/.*/, ''),
      shortDescription: 'Shows who leads, and runs a command as leader',
      description:
        'Who holds a Lease, a hand-over on request, the permissions that a lock needs, and what is in the way of one.',
      platforms,
    },
  };
}

const [address = ''] = process.argv.slice(2);
const forms = readdirSync(build).filter((name) => /^k8s-leader-linux-\w+$/.test(name));
if (forms.length === 0 || !existsSync(join(build, `k8s-leader-linux-${process.arch}`)))
  throw new Error(`${resolve(build)} has no executables: npm run executable`);
const place = mkdtempSync(join(tmpdir(), 'k8s-leader-packages-'));
try {
  const tarballs = [];
  for (const name of forms) {
    const form = name.replace('k8s-leader-', '');
    const folder = join(place, 'k8s-leader');
    rmSync(folder, { recursive: true, force: true });
    fill(folder, form);
    const file = `${name}.tar.gz`;
    tarball(folder, join(build, file));
    tarballs.push({ form, file });
    console.log(join(build, file));
    for (const packager of ['deb', 'apk']) console.log(systemPackage(folder, form, packager));
  }
  if (address !== '') {
    const manifest = krewManifest(tarballs, address);
    writeFileSync(join(build, 'leader.yaml'), `${JSON.stringify(manifest, null, 2)}\n`);
  }
} finally {
  rmSync(place, { recursive: true });
}
