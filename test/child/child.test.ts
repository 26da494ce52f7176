/** What a command is started by where there are no keepers. */
import { expect, test } from 'vitest';
import { startChild } from '../../src/child/child.ts';
import type { ChildOptions } from '../../src/child/types.ts';
import { systemClock } from '../../src/clock.ts';
import { exitCode } from '../../src/exit-code.ts';

const options: ChildOptions = {
  command: ['sh', '-c', 'exit 3'],
  file: '/bin/sh',
  env: { PATH: process.env['PATH'] },
  variables: {},
  foreground: false,
  findKeeper: () => {
    throw new Error('there is none');
  },
  guard: 'auto',
  inherited: { ignoredSignals: 0n, descriptors: undefined },
  clock: systemClock,
  preparation: { keepers: undefined },
  killInMs: () => 10_000,
  isWanted: () => true,
};

test('by us, and it ends as it does', async () => {
  const child = await startChild(options);
  expect(await child?.exited).toEqual({ kind: 'exited', code: 3 });
  expect(await child?.gone).toBe('gone');
});

test('by nobody, if a keeper is required', async () => {
  const started = startChild({ ...options, guard: 'required' });
  await expect(started).rejects.toMatchObject({ exitCode: exitCode.unavailable });
});

test('by nobody, if the term is over', async () => {
  expect(await startChild({ ...options, isWanted: () => false })).toBeUndefined();
});
