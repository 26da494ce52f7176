import { beforeEach, describe, expect, it } from 'vitest';
import { LockFault } from '../../src/election/lock.ts';
import { recordOf, Scene } from './scene.ts';

const reset = new LockFault('unreachable', 'reset');
const denied = new LockFault('denied', 'forbidden');

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

describe('a listener hears once', () => {
  it('for whom it stands by and for how long, however often that one renews', async () => {
    const a = scene.replica('a');
    await a.lead();
    const b = scene.replica('b');
    b.campaign();
    await scene.clock.advance(60_000);
    expect(b.events).toMatchObject([
      { kind: 'standing-by', record: { holder: 'a', transitions: 0 }, freeInMs: 15_000 },
    ]);
  });

  it('of each new holder, and of each new term of one', async () => {
    const b = scene.replica('b');
    scene.server.edit(recordOf('x'));
    b.campaign();
    await scene.clock.advance(5_000);
    scene.server.edit(recordOf('y'));
    await scene.clock.advance(5_000);
    scene.server.edit(recordOf('y', { acquireTimeUs: 7 }));
    await scene.clock.advance(5_000);
    expect(
      b.events.map((event) => (event.kind === 'standing-by' ? event.record.holder : event.kind)),
    ).toEqual(['x', 'y', 'y']);
  });

  it('that it waits out what was taken away by force', async () => {
    const b = scene.replica('b', { random: () => 0 });
    scene.server.edit(recordOf('x'));
    b.campaign();
    await scene.clock.advance(3_900);
    scene.server.edit(undefined);
    await scene.clock.advance(60_000);
    expect(b.events).toMatchObject([
      { kind: 'standing-by' },
      { kind: 'waiting-out', freeInMs: 15_000 },
      { kind: 'elected', transitions: 0 },
    ]);
  });

  it('that the lock is unreachable, and once that it is in reach again', async () => {
    scene.server.edit(recordOf('x', { leaseDurationMs: 600_000 }));
    const b = scene.replica('b');
    b.campaign();
    await scene.clock.advance(1_000);
    b.wire.rule = () => ({ there: reset });
    await scene.clock.advance(60_000);
    b.wire.heal();
    await scene.clock.advance(60_000);
    expect(b.told).toEqual(['standing-by', 'out-of-reach', 'in-reach']);
  });

  it('of each kind of trouble', async () => {
    const b = scene.replica('b');
    b.wire.rule = () => ({ there: reset });
    b.campaign();
    await scene.clock.advance(10_000);
    b.wire.rule = () => ({ there: denied });
    await scene.clock.advance(10_000);
    expect(b.events).toMatchObject([
      { kind: 'out-of-reach', fault: { kind: 'unreachable' } },
      { kind: 'out-of-reach', fault: { kind: 'denied' } },
    ]);
  });

  it('that the lock is in reach again although the first answer elects it', async () => {
    const b = scene.replica('b');
    b.wire.once('write', { there: reset });
    b.campaign();
    await scene.clock.advance(10_000);
    expect(b.told).toEqual(['out-of-reach', 'in-reach', 'elected']);
  });

  it('that the lock is in reach again although the claim of a known version is the first answer', async () => {
    scene.server.edit(recordOf('x'));
    const b = scene.replica('b');
    b.wire.rule = ({ verb }) =>
      verb === 'read' && scene.clock.now() > 1_000 ? { there: reset } : undefined;
    b.campaign();
    await scene.clock.advance(20_000);
    expect(b.told).toEqual(['standing-by', 'out-of-reach', 'in-reach', 'elected']);
  });

  it('that a campaign stands by, also when an earlier one of the same elector stood by for the same', async () => {
    const a = scene.replica('a');
    await a.lead();
    const b = scene.replica('b');
    const first = b.campaign();
    await scene.clock.advance(5_000);
    first.abort();
    await scene.clock.advance(1_000);
    b.campaign();
    await scene.clock.advance(10_000);
    expect(b.told).toEqual(['standing-by', 'standing-by']);
  });
});

describe('a listener hears nothing', () => {
  it.each(['read', 'write'] as const)(
    'of trouble when it was we who gave up, in the middle of a %s',
    async (verb) => {
      const a = scene.replica('a');
      a.wire.rule = (call) => (call.verb === verb ? { there: 'never' } : undefined);
      const campaign = a.campaign();
      await scene.clock.advance(500);
      campaign.abort();
      await scene.clock.advance(60_000);
      expect(a.told).toEqual([]);
    },
  );
});

it('hears the story of a term in order', async () => {
  const a = scene.replica('a');
  await a.lead();
  a.wire.rule = () => ({ there: reset });
  await scene.clock.advance(5_000);
  a.wire.heal();
  await scene.clock.advance(5_000);
  scene.server.edit(undefined);
  await scene.clock.advance(5_000);
  scene.clock.suspend(60_000);
  await scene.clock.advance(5_000);
  scene.server.edit(recordOf('b'));
  await scene.clock.advance(5_000);
  await a.release();
  expect(a.told).toEqual([
    'elected',
    'renewal-failing',
    'renewal-recovered',
    'restored',
    'suspended',
    'resumed',
    'lost',
    'release',
  ]);
});
