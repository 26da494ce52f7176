/** `step-down` and its `--force`, on a lock in memory under a clock that the test moves. */
import { beforeEach, describe, expect, it, test } from 'vitest';
import { force } from '../../src/commands/force.ts';
import { stepDown } from '../../src/commands/step-down.ts';
import { LockFault, type LeaderRecord, type Lock } from '../../src/election/lock.ts';
import { ExpectedError } from '../../src/errors.ts';
import { atRest, FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { sampleRecord } from '../support/record.ts';

const held: LeaderRecord = { ...sampleRecord, holder: 'a' };
const asked = { holder: 'a', acquireTimeUs: held.acquireTimeUs! };
const plan = { lock: 'job', waitMs: undefined, requestTimeoutMs: 5_000 };

let clock: FakeClock;
let server: MemoryLockServer;
let said: string;
let lines: string[];
let questions: string[];
let answer: boolean;

beforeEach(() => {
  clock = new FakeClock();
  server = new MemoryLockServer();
  [said, lines, questions, answer] = ['', [], [], true];
});

const ports = (found: Lock = server.handle()) => ({
  found,
  clock,
  signal: new AbortController().signal,
  stdout: (text: string) => (said += text),
  stderr: (line: string) => lines.push(line),
});

/** How it ends: `0`, or the exit status and what is said. */
async function ending(command: Promise<void>, ...advances: (number | (() => void))[]) {
  const end = command.then(
    () => 0,
    (thrown: unknown) => {
      if (!(thrown instanceof ExpectedError)) throw thrown;
      return `${thrown.exitCode} ${thrown.message}`;
    },
  );
  await atRest();
  for (const step of advances) {
    if (typeof step === 'number') await clock.advance(step);
    else step();
    await atRest();
  }
  return end;
}

describe('a request to step down', () => {
  it('names the term, and nothing else changes', async () => {
    server.edit({ ...held, done: ['k'] });
    expect(await ending(stepDown(plan, ports()))).toBe(0);
    expect(server.record).toEqual({ ...held, done: ['k'], stepDown: asked });
    expect(said).toBe('"a" has been asked to step down\n');
  });

  it('is not written twice', async () => {
    server.edit({ ...held, stepDown: asked });
    await ending(stepDown(plan, ports()));
    expect(server.calls.map(({ verb }) => verb)).toEqual(['read']);
  });

  it('that another request to step down stands in the way of takes its place', async () => {
    server.edit({ ...held, stepDown: { holder: 'b', acquireTimeUs: 1 } });
    await ending(stepDown(plan, ports()));
    expect(server.record?.stepDown).toEqual(asked);
  });

  test.each([
    ['there is no lock', undefined],
    ['nobody holds it', { ...held, holder: '' }],
  ])('is not written where %s', async (_, record) => {
    server.edit(record);
    expect(await ending(stepDown(plan, ports()))).toBe(0);
    expect([said, server.record]).toEqual(['nobody leads\n', record]);
  });

  it('is written on what a renewal has left meanwhile', async () => {
    server.edit(held);
    let renewals = 3;
    const onTheWayThere = ({ verb }: { verb: string }) => {
      if (verb === 'write' && renewals-- > 0) server.edit({ ...held, renewTimeUs: renewals });
    };
    expect(await ending(stepDown(plan, ports(server.handle({ onTheWayThere }))))).toBe(0);
    expect(server.record).toEqual({ ...held, renewTimeUs: 0, stepDown: asked });
  });

  it('is not for whoever leads meanwhile', async () => {
    server.edit(held);
    const onTheWayThere = ({ verb }: { verb: string }) => {
      if (verb === 'write') server.edit({ ...held, holder: 'b' });
    };
    expect(await ending(stepDown(plan, ports(server.handle({ onTheWayThere }))))).toBe(0);
    expect(server.record).toEqual({ ...held, holder: 'b' });
  });

  it('cannot name a term without a time', async () => {
    server.edit({ ...held, acquireTimeUs: undefined });
    const end = await ending(stepDown(plan, ports()));
    expect(end).toBe('75 lock "job": the record of "a" does not say when its term began');
  });

  it('needs a lock that keeps it', async () => {
    server.edit(held);
    const { read, write } = server.handle();
    const forgetful: Lock = {
      read,
      write: (record, ...how) => write({ ...record, stepDown: undefined }, ...how),
    };
    const end = await ending(stepDown(plan, ports(forgetful)));
    expect(end).toBe('75 lock "job": it stores only the record');
  });

  test.each([
    ['denied', 77],
    ['unreachable', 69],
    ['unsupported', 69],
  ] as const)('that is %s ends with %i', async (kind, status) => {
    server.edit(held);
    const { read } = server.handle();
    const write = () => Promise.reject(new LockFault(kind, 'no'));
    expect(await ending(stepDown(plan, ports({ read, write })))).toBe(`${status} lock "job": no`);
  });
});

describe('--wait', () => {
  const waiting = { ...plan, waitMs: 10_000 };

  test.each([
    ['another leads', { ...held, holder: 'b' }, '"b" leads\n'],
    ['it leads again', { ...held, acquireTimeUs: 5 }, '"a" leads\n'],
  ])('is over when %s', async (_, record, says) => {
    server.edit(held);
    const change = () => void server.edit(record);
    expect(await ending(stepDown(waiting, ports()), 3_000, change, 600)).toBe(0);
    expect(said).toBe(`"a" has been asked to step down\n${says}`);
  });

  test.each([
    ['nobody leads', { ...held, holder: '' }],
    ['the lock is gone', undefined],
  ])('waits a moment for a successor when %s', async (_, record) => {
    server.edit(held);
    const change = () => void server.edit(record);
    const take = () => void server.edit({ ...held, holder: 'b', acquireTimeUs: 7 });
    expect(await ending(stepDown(waiting, ports()), 3_000, change, 2_000, take, 600)).toBe(0);
    expect(said).toBe('"a" has been asked to step down\n"b" leads\n');
    expect(clock.sleepers).toBe(0);
  });

  test.each([
    ['nobody leads', { ...held, holder: '' }, 3_000],
    ['the lock is gone', undefined, 3_000],
    ['nobody leads, and it may wait no longer', { ...held, holder: '' }, 9_400],
  ])('is over a moment after %s', async (_, record, atMs) => {
    server.edit(held);
    const change = () => void server.edit(record);
    const isEarly = () => {
      expect(said).not.toContain('nobody leads');
    };
    const end = stepDown(waiting, ports());
    expect(await ending(end, atMs, change, 590, isEarly, 3_000)).toBe(0);
    expect(said).toBe('"a" has been asked to step down\nnobody leads\n');
    expect(clock.sleepers).toBe(0);
  });

  it('ends with 75 when it leads still, and leaves nothing running', async () => {
    server.edit(held);
    const renew = () => void server.edit({ ...server.record!, renewTimeUs: 5 });
    const end = await ending(stepDown(waiting, ports()), 5_000, renew, 5_000);
    expect(end).toBe('75 lock "job": "a" has not stepped down within 10s');
    expect(clock.sleepers).toBe(0);
  });

  it('ends with 69 when the lock is unreachable by then', async () => {
    server.edit(held);
    let isCut = false;
    const onTheWayThere = () => {
      if (isCut) throw new LockFault('unreachable', 'no');
    };
    const cut = () => (isCut = true);
    const found = server.handle({ onTheWayThere });
    const end = await ending(stepDown(waiting, ports(found)), 1_000, cut, 9_000);
    expect(end).toBe('69 lock "job": no');
    expect(lines).toEqual(['k8s-leader: warning: cannot see the lock: no']);
  });
});

describe('--force', () => {
  const forced = (isAsked = true) =>
    force(plan, {
      ...ports(),
      confirm: isAsked
        ? (question) => Promise.resolve(questions.push(question)).then(() => answer)
        : undefined,
    });

  it('clears as a release does, after ten seconds and a question', async () => {
    server.edit({ ...held, leaseDurationMs: 315_360_000_000, done: ['k'] });
    const check = () => {
      expect(questions).toEqual([]);
    };
    expect(await ending(forced(), 9_900, check, 200)).toBe(0);
    expect(questions).toEqual(['clear the record of "a"? Only if it is dead [y/N]']);
    const { transitions } = held;
    expect(server.record).toMatchObject({ holder: '', leaseDurationMs: 1_000, transitions });
    expect(server.record?.done).toEqual(['k']);
  });

  it('clears nothing when the answer is no', async () => {
    server.edit(held);
    answer = false;
    expect(await ending(forced(), 10_000)).toBe('75 lock "job": nothing was done');
    expect(server.record).toEqual(held);
  });

  it('clears nothing that shows a sign of life', async () => {
    server.edit(held);
    const renew = () => void server.edit({ ...held, renewTimeUs: 5 });
    const end = await ending(forced(), 5_000, renew, 5_000);
    expect(end).toMatch(/^75 lock "job": its record has changed/);
    expect([questions, server.record]).toEqual([[], { ...held, renewTimeUs: 5 }]);
  });

  it('nor what shows one while the question is asked', async () => {
    server.edit(held);
    const renewed = { ...held, renewTimeUs: 5 };
    const confirm = () => Promise.resolve(server.edit(renewed)).then(() => true);
    const end = await ending(force(plan, { ...ports(), confirm }), 10_000);
    expect(end).toMatch(/^75 /);
    expect(server.record).toEqual(renewed);
  });

  it('waits no longer than the record lasts, and without a question if told so', async () => {
    server.edit({ ...held, leaseDurationMs: 2_000 });
    expect(await ending(forced(false), 2_000)).toBe(0);
    expect(server.record?.holder).toBe('');
  });

  it('has nothing to do where nobody leads', async () => {
    expect(await ending(forced())).toBe(0);
    expect([said, lines]).toEqual(['nobody leads\n', []]);
  });
});
