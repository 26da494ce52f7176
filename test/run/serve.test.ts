import { beforeEach, describe, expect, it } from 'vitest';
import type { Term } from '../../src/election/term.ts';
import type { RunEvent } from '../../src/events.ts';
import type { Exit } from '../../src/exit-code.ts';
import { run } from '../../src/run/run.ts';
import { serve, type ServeOptions, type ServiceEnd } from '../../src/run/serve.ts';
import { FakeChild } from '../child/fake-child.ts';
import { FakeSignals } from '../child/fake-signals.ts';
import { recordOf, Scene, type Replica } from '../election/scene.ts';
import { gate } from '../election/wire.ts';
import { atRest } from '../../src/testing/fake-clock.ts';

const ok = { kind: 'exited', code: 0 } as const;

let scene: Scene;
let leader: Replica;
let term: Term;
let child: FakeChild;
let signals: FakeSignals;
let events: RunEvent[];
let end: ServiceEnd | undefined;

/** A term under 15/10/2 that began at 1,000: lost at 11,000, everything dead by 15,000. */
beforeEach(async () => {
  scene = new Scene();
  leader = scene.replica('leader');
  term = await leader.lead();
  child = new FakeChild();
  signals = new FakeSignals();
  events = [];
  end = undefined;
});

async function begin(options: Partial<ServeOptions> = {}): Promise<void> {
  void serve(child, term, {
    clock: scene.clock,
    signals,
    emit: (event) => events.push(event),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 25_000,
    onShutdown: () => undefined,
    ...options,
  }).then((how) => (end = how));
  await atRest();
}

const told = () => events.map(({ kind }) => kind);

async function usurp(): Promise<void> {
  scene.server.edit(recordOf('somebody'));
  await scene.clock.advance(2_100);
}

describe('a command that ends by itself', () => {
  it('is the end', async () => {
    await begin();
    child.end({ kind: 'exited', code: 3 });
    await atRest();
    expect(end).toEqual({ kind: 'ended', status: { kind: 'exited', code: 3 } });
    expect(child.sent).toEqual([]);
    expect(told()).toEqual(['exited']);
  });

  it('has what it left behind stopped, then killed after two seconds', async () => {
    await begin({ stopSignal: 'SIGINT' });
    child.end(ok, [7]);
    await scene.clock.advance(1_990);
    expect(child.sent).toEqual(['all SIGINT']);
    expect(end).toBeUndefined();
    await scene.clock.advance(210);
    expect(child.sent).toContain('all SIGKILL');
    child.leave([]);
    await scene.clock.advance(200);
    expect(end).toEqual({ kind: 'ended', status: ok });
    expect(told()).toEqual(['exited', 'left-over', 'killed']);
  });

  it('has ended as it did, even if the term is lost while its left-overs die', async () => {
    await begin();
    child.end(ok, [7]);
    await atRest();
    await usurp();
    child.leave([]);
    await scene.clock.advance(200);
    expect(end).toEqual({ kind: 'ended', status: ok });
  });
});

describe('a loop that stood still beyond the deadline', () => {
  it('hears of the end of CMD first, and tells of the loss all the same', async () => {
    await begin();
    scene.clock.stall(20_000);
    // The keepers have killed it meanwhile.
    child.end({ kind: 'signalled', signal: 'SIGKILL' });
    await atRest();
    expect([end, term.loss]).toEqual([undefined, undefined]);
    await scene.clock.advance(10);
    expect(term.loss).toEqual({ kind: 'expired' });
    expect(end).toEqual({ kind: 'lost', loss: { kind: 'expired' } });
    expect(told()[0]).toBe('exited');
  });
});

describe('signals', () => {
  it('are passed on in order, those that came before too', async () => {
    signals.deliver('SIGHUP');
    await begin();
    for (const signal of ['SIGUSR1', 'SIGINT', 'SIGQUIT'] as const) signals.deliver(signal);
    expect(child.sent).toEqual(['CMD SIGHUP', 'CMD SIGUSR1', 'CMD SIGINT', 'CMD SIGQUIT']);
    expect(told()).toEqual([]);
  });

  it('are kept when all is over', async () => {
    await begin();
    child.end(ok);
    await atRest();
    signals.deliver('SIGTERM');
    expect(child.sent).toEqual([]);
    expect(signals.held).toEqual(['SIGTERM']);
  });
});

describe('TERM', () => {
  it('is passed on, and KILL follows after the stop timeout', async () => {
    let isShutDown = false;
    await begin({ onShutdown: () => (isShutDown = true) });
    signals.deliver('SIGTERM');
    expect(isShutDown).toBe(true);
    await scene.clock.advance(24_999);
    expect(child.sent).toEqual(['CMD SIGTERM']);
    await scene.clock.advance(1);
    expect(child.sent).toEqual(['CMD SIGTERM', 'all SIGKILL']);
    child.end({ kind: 'signalled', signal: 'SIGKILL' });
    await scene.clock.advance(200);
    expect(end).toEqual({
      kind: 'ended',
      status: { kind: 'signalled', signal: 'SIGKILL' },
      interruptedBy: 'SIGTERM',
    });
  });

  it('a second time is passed on as well, and grants no more time', async () => {
    await begin();
    signals.deliver('SIGTERM');
    await scene.clock.advance(20_000);
    signals.deliver('SIGTERM');
    await scene.clock.advance(5_000);
    expect(child.sent).toEqual(['CMD SIGTERM', 'CMD SIGTERM', 'all SIGKILL']);
    expect(told().filter((type) => type === 'stopping')).toHaveLength(1);
  });

  it('leaves the lock ours, and renewed, for as long as the command drains', async () => {
    await begin();
    signals.deliver('SIGTERM');
    await scene.clock.advance(20_000);
    expect(leader.writes.length).toBeGreaterThanOrEqual(10);
    expect(term.isTrusted()).toBe(true);
    expect(child.deadlines.at(-1)).toBeGreaterThan(scene.clock.bootTime() + 12_000);
  });
});

describe('a loss', () => {
  it('by our own clock: the stop signal, then KILL when the stop budget is used up', async () => {
    await begin({ stopSignal: 'SIGQUIT' });
    leader.wire.cut();
    await scene.clock.advance(10_000);
    expect(child.sent).toEqual(['CMD SIGQUIT']);
    await scene.clock.advance(3_999);
    expect(child.sent).toEqual(['CMD SIGQUIT']);
    await scene.clock.advance(1);
    expect(child.sent).toEqual(['CMD SIGQUIT', 'all SIGKILL']);
    child.end({ kind: 'signalled', signal: 'SIGKILL' });
    await scene.clock.advance(200);
    expect(end).toEqual({ kind: 'lost', loss: { kind: 'expired' } });
  });

  it('to somebody else: KILL at once', async () => {
    await begin();
    await usurp();
    expect(new Set(child.sent)).toEqual(new Set(['all SIGKILL']));
    child.end({ kind: 'signalled', signal: 'SIGKILL' });
    await scene.clock.advance(200);
    expect(end).toEqual({ kind: 'lost', loss: { kind: 'usurped', holder: 'somebody' } });
  });

  it('before the command was served stops it all the same', async () => {
    await usurp();
    await begin();
    expect(child.sent).toEqual(['all SIGKILL']);
  });

  it('during a shutdown shortens the stop timeout', async () => {
    await begin();
    signals.deliver('SIGTERM');
    leader.wire.cut();
    await scene.clock.advance(14_000);
    expect(child.sent.at(-1)).toBe('all SIGKILL');
  });

  it('that we slept through is a loss, though we hear of the end of CMD first', async () => {
    await begin();
    leader.wire.cut();
    scene.clock.stall(20_000);
    child.end({ kind: 'signalled', signal: 'SIGKILL' });
    await scene.clock.advance(200);
    expect(end).toEqual({ kind: 'lost', loss: { kind: 'expired' } });
  });
});

describe('a machine that has slept', () => {
  it('while the command was being started has it halted as well', async () => {
    leader.wire.once('write', { back: 'never' });
    scene.clock.suspend(20_000);
    await scene.clock.advance(1_000);
    await begin();
    expect(child.sent).toEqual(['all SIGSTOP']);
  });

  it('has the command halted until a renewal shows that we still lead', async () => {
    await begin();
    const answer = gate();
    leader.wire.once('write', { back: answer.opened });
    scene.clock.suspend(20_000);
    await scene.clock.advance(1_000);
    expect(child.sent).toEqual(['all SIGSTOP']);
    answer.open();
    await atRest();
    expect(child.sent).toEqual(['all SIGSTOP', 'all SIGCONT']);
  });

  it('has it killed when somebody else leads', async () => {
    await begin();
    scene.server.edit(recordOf('somebody'));
    scene.clock.suspend(20_000);
    await scene.clock.advance(1_000);
    expect(child.sent).toEqual(['all SIGSTOP', 'all SIGKILL']);
  });
});

it('a request to step down for another leader does not reach a command that has ended', async () => {
  await begin();
  child.end({ kind: 'exited', code: 3 }, [7]);
  await atRest();
  const record = scene.server.record!;
  const stepDown = { holder: record.holder, acquireTimeUs: record.acquireTimeUs! };
  scene.server.edit({ ...record, stepDown });
  await scene.clock.advance(1_900);
  await scene.clock.advance(200);
  expect(term.stepDown.aborted).toBe(true);
  child.leave([]);
  await scene.clock.advance(200);
  expect(end).toEqual({ kind: 'ended', status: { kind: 'exited', code: 3 } });
  expect(child.sent).not.toContain('CMD SIGTERM');
});

describe('a keeper that is killed', () => {
  it('takes the command along, which then has not ended of its own accord', async () => {
    await begin();
    child.loseKeeper();
    child.end({ kind: 'signalled', signal: 'SIGKILL' });
    await scene.clock.advance(200);
    expect(told()).toEqual(['stopping', 'exited', 'killed']);
    expect(end).toEqual({
      kind: 'ended',
      status: { kind: 'signalled', signal: 'SIGKILL' },
      interruptedBy: 'SIGTERM',
    });
  });

  it('together with the other one leaves nobody who knows, so nothing is handed back', async () => {
    await begin();
    child.loseKeepers();
    await scene.clock.advance(200);
    expect(events).toContainEqual({ kind: 'stuck', pids: [] });
    expect(end).toEqual({ kind: 'stuck' });
  });
});

describe('a process that cannot be killed', () => {
  it('keeps us waiting, and the lock ours, with one loud line', async () => {
    await begin();
    child.end(ok, [7]);
    await scene.clock.advance(120_000);
    expect(end).toBeUndefined();
    expect(events.filter(({ kind }) => kind === 'stuck')).toEqual([{ kind: 'stuck', pids: [7] }]);
    expect(term.isTrusted()).toBe(true);
    child.leave([]);
    await scene.clock.advance(200);
    expect(end).toEqual({ kind: 'ended', status: ok });
  });

  it('ends us after a loss', async () => {
    await begin();
    await usurp();
    await scene.clock.advance(5_200);
    expect(end).toEqual({ kind: 'stuck' });
    expect(told()).toContain('stuck');
  });
});

describe('a run', () => {
  /** Runs until it has ended, with everything that is left alive as a test wants it. */
  async function runToTheEnd(
    onLost: 'exit' | 'rejoin',
    during: () => Promise<void>,
  ): Promise<Exit> {
    const candidate = scene.replica('candidate');
    await leader.release();
    const exit = run(
      {
        lock: 'job',
        patience: { kind: 'forever' },
        conflictExitCode: 75,
        onLost,
        lostExitCode: 79,
        stopSignal: 'SIGTERM',
        stopTimeoutMs: 1_000,
      },
      {
        clock: scene.clock,
        signals,
        emit: (event) => events.push(event),
        connect: () => Promise.resolve(candidate.elector),
        start: () => Promise.resolve(child),
      },
    );
    await scene.clock.advance(100);
    await during();
    return exit;
  }

  it.each(['exit', 'rejoin'] as const)(
    'hands back nothing while something lives that cannot be killed (--on-lost %s)',
    async (onLost) => {
      const exit = await runToTheEnd(onLost, async () => {
        scene.server.edit(recordOf('somebody', { leaseDurationMs: 1_000 }));
        await scene.clock.advance(8_000);
      });
      expect(exit).toEqual({ status: 79 });
      expect(scene.server.record?.holder).toBe('somebody');
      expect(told()).not.toContain('release');
    },
  );

  it.each(['exit', 'rejoin'] as const)(
    'nor after a loss by the clock, when the lock is in reach again (--on-lost %s)',
    async (onLost) => {
      const exit = await runToTheEnd(onLost, async () => {
        const { wire } = scene.replicas.at(-1)!;
        wire.cut();
        await scene.clock.advance(11_000);
        wire.heal();
        await scene.clock.advance(10_000);
      });
      expect(exit).toEqual({ status: 79 });
      expect(scene.server.record?.holder).toBe('candidate');
    },
  );

  it('ends as CMD did, when everything is gone', async () => {
    const exit = await runToTheEnd('exit', async () => {
      child.end({ kind: 'signalled', signal: 'SIGINT' });
      await scene.clock.advance(100);
    });
    expect(exit).toEqual({ status: 130, signal: 'SIGINT' });
    expect(scene.server.record?.holder).toBe('');
  });
});

describe('the keepers’ deadline', () => {
  it('is that of the latest renewal', async () => {
    await begin();
    const bootedMs = scene.clock.bootTime() - scene.clock.now();
    await scene.clock.advance(2_000);
    expect(child.deadlines.at(-1)).toBe(bootedMs + 3_000 + 14_000);
  });

  it('is never later than that, even if the process is stopped while it is being set', async () => {
    const remainingMs = term.remainingMs.bind(term);
    term.remainingMs = () => {
      const ms = remainingMs();
      scene.clock.stall(500);
      return ms;
    };
    await begin();
    const bootedMs = scene.clock.bootTime() - scene.clock.now();
    await scene.clock.advance(2_000);
    expect(child.deadlines.at(-1)).toBeLessThanOrEqual(bootedMs + 3_000 + 14_000);
  });
});
