/** What examples/scripts/restart-in-place.sh promises, under the shells that images have. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { expect, describe, test } from 'vitest';

const script = join(import.meta.dirname, '../../examples/scripts/restart-in-place.sh');

type Child = ChildProcessByStdio<Writable, Readable, null>;

function start(shell: string, command: string, env: Record<string, string> = {}): Child {
  const [file, ...applet] = shell.split(' ');
  return spawn(file!, [...applet, script, 'sh', '-c', command], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** Its status, and all that was printed. */
async function ended(child: Child): Promise<[code: unknown, printed: string]> {
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(child, 'close')) as unknown[];
  return [code, printed];
}

describe.each(['sh', 'bash', 'busybox sh'])('under %s', (shell) => {
  test('a command is started again until it succeeds, and reads our input', async () => {
    const child = start(shell, 'read -r line; echo "$line"; [ "$line" = good ]');
    child.stdin.end('bad\ngood\nmore\n');
    expect(await ended(child)).toEqual([0, 'bad\ngood\n']);
  });

  test('it gives up with the status of the last failure', async () => {
    const child = start(shell, 'echo tried; exit 3', { RESTARTS: '2' });
    expect(await ended(child)).toEqual([3, 'tried\ntried\n']);
  });

  test('TERM is passed on, and nothing is started afterwards', async () => {
    const child = start(shell, 'trap "exit 5" TERM; echo ready; while :; do sleep 0.01; done');
    const end = ended(child);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await end).toEqual([5, 'ready\n']);
  });
});
