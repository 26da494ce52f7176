/** What `npm version` does to the CHANGELOG and the chart, and what a release takes from there. */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const head = '# Changelog\n\nAbout it.\n\n';

function place(version: string, changes: string) {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-release-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version }));
  writeFileSync(join(folder, 'CHANGELOG.md'), head + changes);
  writeFileSync(join(folder, 'README.md'), 'COPY --from=k8s-leader:0.0 /a /b\n');
  mkdirSync(join(folder, 'packaging/chart'), { recursive: true });
  const chart = join(folder, 'packaging/chart/Chart.yaml');
  writeFileSync(chart, 'apiVersion: v2\nversion: 0.0.1\nappVersion: 0.0.1\n');
  const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe' } as const;
  return {
    release: (...flags: string[]) =>
      execFileSync(process.execPath, [resolve('scripts/release.js'), ...flags], options),
    readme: () => readFileSync(join(folder, 'README.md'), 'utf8'),
    chart: () => readFileSync(chart, 'utf8'),
    changes: () => readFileSync(join(folder, 'CHANGELOG.md'), 'utf8').slice(head.length),
  };
}

const earlier = '## [0.1.0] - 2026-01-01\n\n### Added\n\n- All.\n';

it('makes a dated part of what is unreleased, and gives the chart its version', () => {
  const { release, changes, chart, readme } = place(
    '0.2.0',
    `## [Unreleased]\n\n### Fixed\n\n- It.\n\n${earlier}`,
  );
  release();
  const today = new Date().toISOString().slice(0, 10);
  expect(changes()).toBe(
    `## [Unreleased]\n\n## [0.2.0] - ${today}\n\n### Fixed\n\n- It.\n\n${earlier}`,
  );
  expect(release('--notes')).toBe('### Fixed\n\n- It.\n');
  expect(chart()).toBe('apiVersion: v2\nversion: 0.2.0\nappVersion: 0.2.0\n');
  expect(readme()).toBe('COPY --from=k8s-leader:0.2 /a /b\n');
});

it('refuses a version of which nothing is told, or twice', () => {
  expect(() => place('0.2.0', `## [Unreleased]\n\n${earlier}`).release()).toThrow('unreleased');
  const again = place('0.1.0', `## [Unreleased]\n\n- More.\n\n${earlier}`);
  expect(() => again.release()).toThrow('there already');
  expect(again.release('--notes')).toBe('### Added\n\n- All.\n');
  expect(() => place('0.2.0', earlier).release('--notes')).toThrow('nothing about 0.2.0');
});

it.each([
  ['1.4.2', '1'],
  ['0.3.0', '0.3'],
  ['1.0.0-rc.1', '1.0.0-rc.1'],
])('of %s the texts name the image with the tag %s', (version, tag) => {
  const { release, readme } = place(version, '## [Unreleased]\n\n- It.\n');
  release();
  expect(readme()).toBe(`COPY --from=k8s-leader:${tag} /a /b\n`);
});

it('the texts and manifests name a tag that the release of this version has', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const files = globSync([
    'README.md',
    'docs/*.md',
    'packaging/kustomize/*/*.yaml',
    'examples/**/*.yaml',
  ]);
  const named = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bk8s-leader:(\d[\w.-]*)/g)].map(([, tag]) => tag),
  );
  expect(named.length).toBeGreaterThan(3);
  const [major, minor] = version.split('.');
  expect(new Set(named)).toEqual(new Set([major === '0' ? `0.${minor ?? ''}` : major]));
});

it('the chart has the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const about = readFileSync('packaging/chart/Chart.yaml', 'utf8');
  const versions = [...about.matchAll(/^(?:version|appVersion): (.*)$/gm)].map(([, said]) => said);
  expect(versions).toEqual([version, version]);
});
