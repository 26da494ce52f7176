import { describe, expect, it } from 'vitest';
import { exitStatusOf, shellStatus } from '../../src/child/exit-status.ts';

it.each([0, 1, 127, 255])('exit code %i is what a shell says', (code) => {
  expect(shellStatus({ kind: 'exited', code })).toBe(code);
  expect(exitStatusOf(code << 8)).toEqual({ kind: 'exited', code });
});

it.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGKILL', 137],
  ['SIGSEGV', 139],
  ['SIGPIPE', 141],
  ['SIGTERM', 143],
  ['SIG32', 160],
  ['SIGRTMIN', 162],
  ['SIGRTMIN+30', 192],
] as const)('a death by %s is %i', (signal, status) => {
  expect(shellStatus({ kind: 'signalled', signal })).toBe(status);
  expect(exitStatusOf(status - 128)).toEqual({ kind: 'signalled', signal });
});

it('a death with a core dump is one by its signal', () => {
  expect(exitStatusOf(0x80 | 11)).toEqual({ kind: 'signalled', signal: 'SIGSEGV' });
});

describe('of all 64 signals', () => {
  it('each has its number back', () => {
    for (let number = 1; number <= 64; number += 1)
      expect(shellStatus(exitStatusOf(number))).toBe(128 + number);
  });
});

it.each([
  ['ENOENT', 127],
  ['ENOTDIR', 127],
  ['EACCES', 126],
  ['ENOEXEC', 126],
] as const)('what could not be executed for %s is %i', (error, status) => {
  expect(shellStatus({ kind: 'not-executed', error })).toBe(status);
});
