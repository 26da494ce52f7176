/** What `run` refuses when it is put together, before it touches the lock. */
import { expect, test } from 'vitest';
import { main } from '../../src/main.ts';
import { withKeeper } from '../support/keeper.ts';

test.each([
  ['a\nb', "POD_NAME 'a\\nb': it has control characters in it; set --identity"],
  ['x'.repeat(300), 'an identity has 1 to 256 characters; set --identity'],
])('a POD_NAME that cannot be shown as the holder is no defect: %j', async (podName, says) => {
  const lines: string[] = [];
  const { status } = await main({
    argv: ['run', '--backend', 'local', '--local-file', '/dev/null/x', '--lock', 'x', 'true'],
    env: { PATH: process.env['PATH'], POD_NAME: podName },
    signals: { listen: () => undefined, hold: () => undefined },
    ...withKeeper,
    stdout: () => undefined,
    stderr: (line) => lines.push(line),
  });
  expect([status, lines.join('\n')]).toEqual([64, expect.stringContaining(says)]);
});
