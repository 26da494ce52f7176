/** Real processes: nothing else tells whether /proc is read rightly. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { livingMembers } from '../../src/child/processes.ts';
import { argvOf, stateOf } from '../process/support/proc.ts';

let cookie: string;
let started: ChildProcess[];

beforeEach(() => {
  cookie = randomUUID();
  started = [];
});

afterEach(() => {
  for (const process of started) process.kill('SIGKILL');
});

/** Starts a shell script as the leader of a group of its own and resolves with its first line. */
async function start(
  script: string,
  env: Record<string, string> = {},
): Promise<[ChildProcess, string]> {
  const child = spawn('sh', ['-c', script], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  started.push(child);
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return [child, line.trim()];
}

const carrying = () => ({ LEADER_TERM: cookie });

describe('the living members', () => {
  it('are the processes of the group, whatever they carry', async () => {
    const [{ pid: group }, other] = await start('sleep 100 & echo $!; wait');
    expect(livingMembers({ cookie, group })).toEqual([group, Number(other)]);
  });

  it('are found although each hands on to the next and ends', { timeout: 30_000 }, async () => {
    const script =
      'hop() { [ $1 = 0 ] && exec sleep 100; (sleep 0.003; hop $(($1 - 1))) & }; echo go; hop 300';
    await start(script, carrying());
    const isTheLast = (pid: number) => argvOf(pid).join(' ') === 'sleep 100';
    for (let members: number[] = []; !members.some(isTheLast);) {
      members = livingMembers({ cookie, group: undefined });
      expect(members).not.toEqual([]);
    }
    for (const pid of livingMembers({ cookie, group: undefined })) process.kill(pid, 'SIGKILL');
  });

  it('are those that carry the cookie, wherever they have gone', async () => {
    const [, daemon] = await start('setsid sleep 100 & echo $!; wait', carrying());
    await vi.waitFor(() => {
      expect(livingMembers({ cookie, group: undefined })).toContain(Number(daemon));
    });
  });

  it('are found by the cookie in any variable, as that of an outer term is', async () => {
    const [{ pid }] = await start('echo; exec sleep 100', { LEADER_OUTER_TERMS: `a ${cookie} b` });
    expect(livingMembers({ cookie, group: undefined })).toEqual([pid]);
  });

  it('are nobody else', async () => {
    const [{ pid: group }] = await start('echo; exec sleep 100', carrying());
    await start('echo; exec sleep 100', { LEADER_TERM: randomUUID() });
    expect(livingMembers({ cookie, group })).toEqual([group]);
  });

  it('are never we ourselves', () => {
    expect(livingMembers({ cookie: process.env['PATH'] ?? '', group: undefined })).not.toContain(
      process.pid,
    );
  });

  it('are none when everybody is dead', async () => {
    const [child] = await start('echo; exec sleep 100', carrying());
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(livingMembers({ cookie, group: child.pid })).toEqual([]);
  });

  it('are no zombies', async () => {
    const [{ pid: group }, zombie] = await start('sleep 0 & echo $!; exec sleep 100', carrying());
    await vi.waitFor(() => {
      expect(livingMembers({ cookie, group })).toEqual([group]);
    });
    expect(Number(zombie)).toBeGreaterThan(0);
  });

  it('are those whose first thread has ended while others go on', async () => {
    const script = `
import ctypes, threading, time
threading.Thread(target=time.sleep, args=[100]).start()
print("ready", flush=True)
ctypes.CDLL(None).pthread_exit(None)`;
    const [{ pid: group }] = await start(`exec python3 -c '${script}'`, carrying());
    await vi.waitFor(() => {
      expect(stateOf(group!)).toBe('Z');
    });
    expect(livingMembers({ cookie, group })).toEqual([group]);
  });

  it('may have any name', async () => {
    const [{ pid: group }] = await start(
      'cd "$(mktemp -d)" && ln -s "$(command -v sleep)" ") Z 1 (" && echo && exec "./) Z 1 (" 100',
    );
    await vi.waitFor(() => {
      expect(argvOf(group!)).toEqual(['./) Z 1 (', '100']);
    });
    expect(livingMembers({ cookie, group })).toEqual([group]);
  });
});
