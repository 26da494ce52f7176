/** The real program among hostile surroundings: it ends, in time, with a documented status and lines without stacks. */
import { executable, program, programWith } from '../support/program-under-test.ts';
import { execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, vi } from 'vitest';
import { kubeconfig, test, type Folder } from '../kube/fixtures.ts';
import { need } from '../process/support/stage.ts';
import { oneLine } from './expectations.ts';

interface Run {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** A program that runs ours. */
  readonly before?: readonly string[];
  /** Sent as soon as this has settled. */
  readonly term?: Promise<unknown>;
}

/** Runs `k8s-leader run` with a command that leaves a trace if it is ever started. */
async function ended(folder: Folder, { args, env, before = [], term }: Run) {
  const trace = join(folder.path, 'trace');
  const canary = await folder.write('canary', `#!/bin/sh\n: > '${trace}'\n`, 0o700);
  const own = [...program, 'run', '--lock', 'demo', ...args, '--', canary];
  const [file = '', ...rest] = [...before, ...own];
  const run = spawn(file, rest, {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 90_000,
    killSignal: 'SIGKILL',
  });
  const said = Promise.all([text(run.stdout), text(run.stderr)]);
  void term?.then(() => run.kill('SIGTERM'));
  const exit = once(run, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const [status] = await exit;
  const [stdout, stderr] = await said;
  expect(stdout).toBe('');
  expect(existsSync(trace)).toBe(false);
  for (const line of stderr.split('\n').slice(0, -1)) {
    expect(line).toMatch(oneLine);
    expect(line).toMatch(/^k8s-leader/);
    expect(line).not.toMatch(/defect/);
  }
  return { status, stderr };
}

const patiently = { timeout: 90_000 };

/** A descriptor to write to the pipe, once somebody wants to read it; until then the kernel refuses. */
async function writerOf(pipe: string): Promise<number> {
  let writer: number | undefined;
  await vi.waitUntil(() => {
    try {
      writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      // Not yet.
    }
    return writer !== undefined;
  }, patiently);
  return writer!;
}

const nobody = 'https://127.0.0.1:1';
const usual = kubeconfig(nobody, { token: 't' }, {});
const plugin = '"exec":{"command":"/bin/true","args":[{"toString":1,"valueOf":1}]}';

describe('a kubeconfig is refused with 69 and one line:', () => {
  test.for([
    ['binary', '\u0000\u0001\u007fELF'],
    ['a page', '<html>\n<body>\n'],
    ['a list of itself', '&a [*a]'],
    ['a namespace that cannot exist', usual.replace('"apps"', '"\\ud800"')],
    ['a server that is no text', usual.replace(`"${nobody}"`, '{"toString":1,"valueOf":1}')],
    ['a plugin with arguments that are no text', usual.replace('"token":"t"', plugin)],
  ] as const)('%s', async ([, content], { folder }) => {
    const file = await folder.write('config', content);
    const { status, stderr } = await ended(folder, { args: ['--kubeconfig', file] });
    expect(status).toBe(69);
    expect(stderr.split('\n')).toHaveLength(2);
  });
});

test('garbage instead of a Lease is waited out, and not for ever', async ({ folder, server }) => {
  const bodies = ['<html>\u001b[2J', '{"kind":"Status","message":"a\\nb\\u009b"}', '\u0000'];
  for (let round = 0; round < 20; round += 1)
    server.fail(...bodies.map((body) => ({ status: 500, body })));
  const file = await folder.write('config', kubeconfig(server.url, {}));
  const args = ['--kubeconfig', file, '--try', '--request-timeout', '300ms'];
  expect((await ended(folder, { args })).status).toBe(69);
});

test('words of ours and of the environment stay on their line', async ({ folder }) => {
  const local = ['--backend', 'local', '--request-timeout', '200ms'];
  const env = { XDG_STATE_HOME: '/proc/a\nb\u009bc' };
  const { status } = await ended(folder, { args: [...local, '--try'], env });
  expect(status).toBe(69);
  const args = [...local, '--local-file', '/dev/null', '--', '/nowhere/\n\u202e'];
  expect((await ended(folder, { args })).status).toBe(127);
});

describe('TERM ends the wait although a thread hangs', () => {
  test('in a pipe in place of a kubeconfig', async ({ folder }) => {
    const pipe = join(folder.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writer = writerOf(pipe);
    const { status } = await ended(folder, { args: ['--kubeconfig', pipe], term: writer });
    closeSync(await writer);
    expect(status).toBe(143);
  });

  test('in the question to a name server that is silent', async ({ folder }) => {
    need('unshare', 'mount');
    const silent = createSocket('udp4');
    silent.bind(53, '127.0.0.77');
    await once(silent, 'listening');
    const asked = once(silent, 'message');
    // For longer than anybody waits here.
    await folder.write('resolv.conf', 'nameserver 127.0.0.77\noptions timeout:30 attempts:5\n');
    const file = await folder.write('config', kubeconfig('https://kube.example.com:1', {}));
    const mount = `mount --bind '${folder.path}/resolv.conf' /etc/resolv.conf && exec "$@"`;
    const { status } = await ended(folder, {
      args: ['--kubeconfig', file],
      before: ['unshare', '--mount', 'sh', '-c', mount, 'sh'],
      term: asked,
    });
    silent.close();
    expect(status).toBe(143);
  });
});

// The end of the executable waits for no thread, so it has no other way.
if (executable === undefined)
  test('where no thread hangs, the exit is an ordinary one', async ({ folder, server }) => {
    const trace = join(folder.path, 'replaced');
    const watch = `import { writeFileSync } from 'node:fs';
    process.execve = () => writeFileSync(${JSON.stringify(trace)}, '');`;
    const hook = await folder.write('watch.mjs', watch);
    const config = await folder.write('config', kubeconfig(server.url, {}));
    const local = ['--backend', 'local', '--local-file', join(folder.path, 'locks.db')];
    for (const flags of [local, ['--kubeconfig', config]]) {
      const place = ['run', '-q', '--lock', 'demo', '--namespace', 'default', ...flags];
      const env = { PATH: process.env['PATH'] };
      const [file, ...args] = [...programWith(hook), ...place, '--', 'true'];
      const run = spawn(file, args, { env, timeout: 90_000, killSignal: 'SIGKILL' });
      expect(await once(run, 'exit')).toEqual([0, null]);
      expect(existsSync(trace)).toBe(false);
    }
  });
