import { expect, it } from 'vitest';
import { shellStatus } from '../../src/child/exit-status.ts';

it.each([0, 1, 127, 255])('exit code %i is what a shell says', (code) => {
  expect(shellStatus({ kind: 'exited', code })).toBe(code);
});

it.each([
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGKILL', 137],
  ['SIGSEGV', 139],
  ['SIGPIPE', 141],
  ['SIGTERM', 143],
] as const)('a death by %s is %i', (signal, status) => {
  expect(shellStatus({ kind: 'signalled', signal })).toBe(status);
});
