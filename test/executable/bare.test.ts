/** The executable where there is nothing but itself: no /proc, no /dev, no /tmp, no user that the system knows. */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { executable } from './roots.ts';

/** A root with the executable and a folder for locks of that user. */
function emptyRoot(user: number): string {
  const root = mkdtempSync(join(tmpdir(), 'k8s-leader-bare-'));
  onTestFinished(() => {
    rmSync(root, { recursive: true, force: true });
  });
  copyFileSync(executable, join(root, 'k8s-leader'));
  mkdirSync(join(root, 'locks'), { mode: 0o700 });
  chownSync(join(root, 'locks'), user, user);
  chmodSync(root, 0o755);
  return root;
}

function inside(root: string, user: number, args: readonly string[]) {
  const chroot = [`--userspec=${user}:${user}`, '--groups=', root, '/k8s-leader', ...args];
  const { status, stdout, stderr } = spawnSync('chroot', chroot, {
    env: { PATH: process.env['PATH'] },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

const run = ['run', '--lock', 'demo', '--backend', 'local', '--local-file', '/locks/locks.db'];
/** There is no other program that could be the command. */
const command = ['--', '/k8s-leader', '--version'];

test.each([0, 1_234, 4_294_967_294])('user %d runs it', (user) => {
  const root = emptyRoot(user);
  const version = inside(root, user, ['--version']);
  expect([version.status, version.stderr]).toEqual([0, '']);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+.*\n$/);
  expect(inside(root, user, ['--help']).status).toBe(0);

  const { status, stdout, stderr } = inside(root, user, [...run, ...command]);
  expect([status, stdout]).toEqual([0, version.stdout]);
  expect(stderr).toMatch(/^k8s-leader demo: warning: no keeper, .*: there is no \/proc\n/);
  expect(stderr).toMatch(/: released\n$/);

  const { status: refused, stderr: why } = inside(root, user, [
    ...run,
    '--guard=required',
    ...command,
  ]);
  expect([refused, why]).toEqual([69, expect.stringContaining('there is no /proc')]);
});

test('of a command that does not exist it says so, with 127', () => {
  const root = emptyRoot(0);
  const { status, stderr } = inside(root, 0, [...run, '--', '/nothing']);
  expect([status, stderr]).toEqual([127, expect.stringContaining('/nothing')]);
});
