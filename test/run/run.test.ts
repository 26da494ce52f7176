/** The story with `--once`, `--min-hold` and a request to step down for another leader, under a clock that the test moves. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/events.ts';
import type { Exit } from '../../src/exit-code.ts';
import { run, type RunPlan } from '../../src/run/run.ts';
import { atRest } from '../../src/testing/fake-clock.ts';
import { FakeChild } from '../child/fake-child.ts';
import { FakeSignals } from '../child/fake-signals.ts';
import { recordOf, released, Scene, type Replica } from '../election/scene.ts';

const plan: RunPlan = {
  lock: 'job',
  patience: { kind: 'forever' },
  conflictExitCode: 75,
  onLost: 'exit',
  lostExitCode: 79,
  stopSignal: 'SIGINT',
  stopTimeoutMs: 1_000,
};
const succeeded = { kind: 'exited', code: 0 } as const;
const failed = { kind: 'exited', code: 3 } as const;

let scene: Scene;
let candidate: Replica;
let signals: FakeSignals;
let events: RunEvent[];
/** The commands that have been started. */
let children: FakeChild[];
let exit: Exit | undefined;

beforeEach(() => {
  scene = new Scene();
  candidate = scene.replica('candidate');
  signals = new FakeSignals();
  events = [];
  children = [];
  exit = undefined;
});

async function begin(changes: Partial<RunPlan>): Promise<FakeChild> {
  const ports = {
    clock: scene.clock,
    signals,
    emit: (event: RunEvent) => events.push(event),
    foreground: false,
    connect: () => Promise.resolve(candidate.elector),
    start: () => {
      children.push(new FakeChild());
      return Promise.resolve(children.at(-1));
    },
  };
  void run({ ...plan, ...changes }, ports).then((how) => (exit = how));
  await atRest();
  return children[0]!;
}

const told = () => events.map(({ kind }) => kind);
const lock = () => scene.server.record!;

describe('with --once', () => {
  it('a success is stored with the release, and then the exit status is 0', async () => {
    const child = await begin({ once: 'k' });
    child.end(succeeded);
    await atRest();
    expect(exit).toEqual({ status: 0 });
    expect(lock()).toMatchObject({ holder: '', done: ['k'] });
  });

  it('a key that is there is enough', async () => {
    scene.server.edit({ ...released, done: ['k'] });
    await begin({ once: 'k', patience: { kind: 'try' } });
    expect([exit, children.length]).toEqual([{ status: 0 }, 0]);
    expect(told()).toEqual(['already-done']);
  });

  it('a failure is not stored', async () => {
    const child = await begin({ once: 'k' });
    child.end(failed);
    await atRest();
    expect(exit).toEqual({ status: 3 });
    expect(lock()).toMatchObject({ holder: '' });
    expect(lock().done).toBeUndefined();
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)(
    'a success that %s has interrupted is none',
    async (signal) => {
      const child = await begin({ once: 'k' });
      signals.deliver(signal);
      child.end(succeeded);
      await atRest();
      expect(exit?.status).toBeGreaterThan(128);
      expect(lock().done).toBeUndefined();
    },
  );

  it('a write that fails is made again by another campaign, without another run', async () => {
    const child = await begin({ once: 'k' });
    candidate.wire.cut();
    child.end(succeeded);
    await scene.clock.advance(6_000);
    expect(told()).toContain('not-stored');
    expect(exit).toBeUndefined();
    candidate.wire.heal();
    await scene.clock.advance(40_000);
    expect(exit).toEqual({ status: 0 });
    expect(children).toHaveLength(1);
    expect(lock()).toMatchObject({ holder: '', done: ['k'] });
  });

  it('so it is when somebody else has led meanwhile, and did not know', async () => {
    const child = await begin({ once: 'k' });
    candidate.wire.cut();
    child.end(succeeded);
    await scene.clock.advance(6_000);
    scene.server.edit(recordOf('b'));
    candidate.wire.heal();
    await scene.clock.advance(5_000);
    scene.server.edit(released);
    await scene.clock.advance(5_000);
    expect([exit, children.length]).toEqual([{ status: 0 }, 1]);
    expect(lock().done).toEqual(['k']);
  });

  it('or has stored it', async () => {
    const child = await begin({ once: 'k' });
    candidate.wire.cut('answers');
    child.end(succeeded);
    await scene.clock.advance(6_000);
    expect(exit).toBeUndefined();
    expect(lock()).toMatchObject({ holder: '', done: ['k'] });
    candidate.wire.heal();
    await scene.clock.advance(10_000);
    expect([exit, children.length]).toEqual([{ status: 0 }, 1]);
  });

  it('a signal ends the storing, and then the exit status is not 0', async () => {
    const child = await begin({ once: 'k' });
    candidate.wire.cut();
    child.end(succeeded);
    await scene.clock.advance(6_000);
    signals.deliver('SIGTERM');
    await scene.clock.advance(2_000);
    expect(exit).toEqual({ status: 143 });
  });
});

describe('with --min-hold', () => {
  it('the lock is kept, and renewed, for so long after CMD', async () => {
    const child = await begin({ minHoldMs: 60_000 });
    child.end(failed);
    await scene.clock.advance(59_900);
    expect(exit).toBeUndefined();
    expect(lock().holder).toBe('candidate');
    expect(candidate.writes.length).toBeGreaterThan(25);
    await scene.clock.advance(200);
    expect(exit).toEqual({ status: 3 });
    expect(lock().holder).toBe('');
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)('%s ends it', async (signal) => {
    const child = await begin({ minHoldMs: 60_000 });
    child.end(failed);
    await scene.clock.advance(1_000);
    signals.deliver(signal);
    await atRest();
    expect(exit).toEqual({ status: 3 });
    expect(lock().holder).toBe('');
  });

  it('USR1 does not', async () => {
    const child = await begin({ minHoldMs: 60_000 });
    child.end(failed);
    await scene.clock.advance(1_000);
    signals.deliver('SIGUSR1');
    await atRest();
    expect(exit).toBeUndefined();
  });

  it('it is over when the lock is lost', async () => {
    const child = await begin({ minHoldMs: 60_000 });
    child.end(failed);
    await scene.clock.advance(1_000);
    scene.server.edit(recordOf('b'));
    await scene.clock.advance(2_000);
    expect(exit).toEqual({ status: 3 });
    expect(lock().holder).toBe('b');
  });

  it('nothing is kept when a signal has ended CMD', async () => {
    const child = await begin({ minHoldMs: 60_000 });
    signals.deliver('SIGTERM');
    child.end({ kind: 'signalled', signal: 'SIGTERM' });
    await atRest();
    expect(exit).toEqual({ status: 143 });
  });
});

describe('a request to step down for another leader', () => {
  async function stepDown(): Promise<void> {
    const { holder, acquireTimeUs = 0 } = lock();
    scene.server.edit({ ...lock(), stepDown: { holder, acquireTimeUs } });
    await scene.clock.advance(2_500);
  }

  it('stops CMD by the stop signal, then by KILL, renews meanwhile, and ends as a loss does', async () => {
    const child = await begin({ stopTimeoutMs: 20_000 });
    await stepDown();
    expect(child.sent).toEqual(['CMD SIGINT']);
    await scene.clock.advance(19_000);
    expect(child.sent).toEqual(['CMD SIGINT']);
    expect(lock().holder).toBe('candidate');
    expect(candidate.writes.length).toBeGreaterThan(9);
    await scene.clock.advance(1_000);
    expect(child.sent.slice(0, 2)).toEqual(['CMD SIGINT', 'all SIGKILL']);
    child.end({ kind: 'signalled', signal: 'SIGKILL' });
    await scene.clock.advance(200);
    expect(exit).toEqual({ status: 79 });
    expect(lock().holder).toBe('');
    expect(events).toContainEqual({ kind: 'stopping', reason: 'step-down', killInMs: 20_000 });
  });

  it('with --on-lost rejoin leads to another campaign, and lets others go first', async () => {
    const child = await begin({ onLost: 'rejoin' });
    await stepDown();
    child.end(succeeded);
    await scene.clock.advance(14_000);
    expect([exit, children.length, lock().holder]).toEqual([undefined, 1, '']);
    await scene.clock.advance(2_000);
    expect([children.length, lock().holder]).toEqual([2, 'candidate']);
  });

  it('stores nothing with --once', async () => {
    const child = await begin({ once: 'k' });
    await stepDown();
    child.end(succeeded);
    await scene.clock.advance(200);
    expect(exit).toEqual({ status: 79 });
    expect(lock().done).toBeUndefined();
  });

  it('changes nothing while TERM already stops CMD', async () => {
    const child = await begin({ stopTimeoutMs: 20_000 });
    signals.deliver('SIGTERM');
    await stepDown();
    expect(child.sent).toEqual(['CMD SIGTERM']);
    child.end(failed);
    await atRest();
    expect(exit).toEqual({ status: 3 });
  });
});
