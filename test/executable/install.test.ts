/** The executable by itself: it copies itself, and takes nothing from where it happens to be started. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bin } from '../support/program-under-test.ts';
import { executable } from './roots.ts';

function folderFor(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `k8s-leader-${name}-`));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function run(program: readonly string[], args: readonly string[], cwd = '/') {
  const [file = '', ...first] = program;
  const env = { PATH: process.env['PATH'] };
  return spawnSync(file, [...first, ...args], { cwd, env, encoding: 'utf8', timeout: 30_000 });
}

const local = (folder: string) => [
  ...['--lock', 'demo', '--backend', 'local'],
  ...['--local-file', join(folder, 'locks.db')],
];

test('installs itself: the copy is whole, for everybody, and runs', () => {
  const folder = folderFor('install');
  const { status, stdout } = run([executable], ['install', folder]);
  const copy = join(folder, 'k8s-leader');
  expect([status, stdout]).toEqual([0, `${copy}\n`]);
  expect(readdirSync(folder)).toEqual(['k8s-leader']);
  expect(statSync(copy).mode & 0o777).toBe(0o755);
  expect(statSync(copy).size).toBe(statSync(executable).size);
  const ran = run([copy], ['run', ...local(folder), '--', 'sh', '-c', 'echo ran; exit 3']);
  expect([ran.status, ran.stdout]).toEqual([3, 'ran\n']);
});

test('a copy that runs can be replaced, and copies itself though its file is gone', async () => {
  const folder = folderFor('replaced');
  const copy = join(folder, 'k8s-leader');
  run([executable], ['install', folder]);
  const inner = ['sh', '-c', `echo started; read _; exec ${copy} --version`];
  const running = spawn(copy, ['run', ...local(folder), '--', ...inner], { stdio: 'pipe' });
  await once(running.stdout, 'data');
  expect(run([executable], ['install', folder]).status).toBe(0);
  running.stdin.end('go on\n');
  expect(await once(running, 'exit')).toEqual([0, null]);

  // The kernel knows the file that it was started from, also when that has no name any more.
  const inside = `rm "$0"; exec /proc/$2/exe install "$1"`;
  const script = `exec "$0" run ${local(folder).join(' ')} -- sh -c '${inside}' "$0" "$1" $$`;
  expect(run(['sh', '-c', script, copy], [folder]).status).toBe(0);
  expect(run([copy], ['--version']).status).toBe(0);
});

test.each([
  ['a folder that does not exist', '/does/not/exist', /\(ENOENT\)/],
  ['what is no folder', '/dev/null', /\(ENOTDIR\)/],
])('to %s is one line, and 69', (_, folder, cause) => {
  const { status, stdout, stderr } = run([executable], ['install', folder]);
  expect([status, stdout]).toEqual([69, '']);
  expect(stderr).toMatch(cause);
  expect(stderr).toMatch(/^k8s-leader: error: cannot write .*; name a folder .*\n$/);
});

test('on a full file system is one line, and nothing is left', () => {
  const folder = folderFor('full');
  const script = `mount -t tmpfs -o size=1m tmpfs ${folder} && "$0" install ${folder}; echo $? $(ls ${folder})`;
  const { stdout, stderr } = run(['unshare', '--mount', 'sh', '-c', script], [executable]);
  expect(stdout).toBe('69\n');
  expect(stderr).toMatch(/^k8s-leader: error: cannot write .* \(ENOSPC\); .*\n$/);
});

test.each([
  [
    'the npm package has nothing to install',
    [process.execPath, bin],
    ['install', '/tmp'],
    /npm package/,
  ],
  ['a folder must be named', [executable], ['install'], /no folder given/],
  ['there is one folder', [executable], ['install', '/tmp', '/tmp'], /./],
])('%s: 64', (_, program, args, line) => {
  const { status, stdout, stderr } = run(program, args);
  expect([status, stdout]).toEqual([64, '']);
  expect(stderr).toMatch(line);
});

test('files of the folder where it is started change nothing', () => {
  const folder = folderFor('surroundings');
  const harm = join(folder, 'harm.js');
  writeFileSync(harm, 'console.log("harmed")');
  writeFileSync(join(folder, '.env'), 'K8S_LEADER_LOCK=harmed\nHARMED=harmed\n');
  writeFileSync(join(folder, 'package.json'), '{"type": "module", "main": "harm.js"');
  writeFileSync(join(folder, 'tsconfig.json'), '{');
  const cmd = ['sh', '-c', 'echo "$LEADER_LOCK $HARMED"'];
  const { status, stdout } = run([executable], ['run', ...local(folder), '--', ...cmd], folder);
  expect([status, stdout]).toEqual([0, 'demo \n']);
});
