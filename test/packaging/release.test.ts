/** What `npm version` does to the CHANGELOG, and what a release takes from there. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  const options = { cwd: folder, encoding: 'utf8', stdio: 'pipe' } as const;
  return {
    release: (...flags: string[]) =>
      execFileSync(process.execPath, [resolve('scripts/release.js'), ...flags], options),
    changes: () => readFileSync(join(folder, 'CHANGELOG.md'), 'utf8').slice(head.length),
  };
}

const earlier = '## [0.1.0] - 2026-01-01\n\n### Added\n\n- All.\n';

it('makes a dated part of what is unreleased', () => {
  const { release, changes } = place(
    '0.2.0',
    `## [Unreleased]\n\n### Fixed\n\n- It.\n\n${earlier}`,
  );
  release();
  const today = new Date().toISOString().slice(0, 10);
  expect(changes()).toBe(
    `## [Unreleased]\n\n## [0.2.0] - ${today}\n\n### Fixed\n\n- It.\n\n${earlier}`,
  );
  expect(release('--notes')).toBe('### Fixed\n\n- It.\n');
});

it('refuses a version of which nothing is told, or twice', () => {
  expect(() => place('0.2.0', `## [Unreleased]\n\n${earlier}`).release()).toThrow('unreleased');
  const again = place('0.1.0', `## [Unreleased]\n\n- More.\n\n${earlier}`);
  expect(() => again.release()).toThrow('there already');
  expect(again.release('--notes')).toBe('### Added\n\n- All.\n');
  expect(() => place('0.2.0', earlier).release('--notes')).toThrow('nothing about 0.2.0');
});
