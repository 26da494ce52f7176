/** A Node that is too old is refused before anything else is loaded; the library loads, and says so when it is used. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { bin } from '../support/program-under-test.ts';
import { fixture } from './support/stage.ts';

const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-old-node-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const library = join(import.meta.dirname, '../../dist/library/index.js');
const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  engines: { node: string };
};
const oldest = engines.node.replace('>=', '');

/** This Node in the guise of an old one, and each old one that this machine has. */
const guises = ['22.14.9', '20.20.2', '18.0.0'].map((version) => ({
  version,
  argv: [process.execPath, '--require', fixture('old-node.cjs')],
  env: { OLD_NODE: version },
}));
const files = (process.env['PATH'] ?? '').split(':').map((part) => join(part, 'node'));
const found = [
  ...new Set(files.filter((file) => existsSync(file)).map((file) => realpathSync(file))),
]
  .map((file) => ({ version: versionOf(file), argv: [file], env: {} }))
  .filter(({ version }) => /^(1[68]|2[01])\./.test(version));

describe.each([...guises, ...found])('on Node $version', ({ version, argv, env }) => {
  const node = (...words: string[]) => {
    const [file = '', ...first] = argv;
    return spawnSync(file, [...first, ...words], { env, encoding: 'utf8', timeout: 60_000 });
  };

  test.each([
    ['run', ['run', '--backend', 'local', '--lock', 'demo', '--', 'echo', 'hello']],
    ['help', ['--help']],
    ['version', ['--version']],
  ])('%s ends with 69, in one line that says what to do', (_, words) => {
    const { status, stdout, stderr } = node(bin, ...words);
    expect([status, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(/^k8s-leader: error: needs Node .* the one-file executable.*\n$/);
    expect(stderr).toContain(
      `needs Node ${oldest} or newer, this is ${version} (${argv[0] ?? ''})`,
    );
  });

  test('the library can be imported, and an elector says what is wrong', () => {
    const script = `import { LeaderElector, localLock } from ${JSON.stringify(library)};
      const lock = localLock({ name: 'demo', file: ${JSON.stringify(join(folder, 'locks.db'))} });
      try { new LeaderElector({ lock }); } catch (error) { console.log(error.message); }`;
    const { stdout, stderr } = node('--input-type=module', '--eval', script);
    expect(stderr).toBe('');
    expect(stdout).toBe(`k8s-leader needs Node ${oldest} or newer, this is ${version}\n`);
  });
});

function versionOf(file: string): string {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 60_000 });
  return stdout.trim().replace('v', '');
}
