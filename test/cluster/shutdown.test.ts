/** Signals before the command runs: the wait ends, the command never starts, nothing stays held. */
import { constants } from 'node:os';
import { describe, expect } from 'vitest';
import { signalsIn, stateOf, statusOf } from '../process/support/proc.ts';
import type { Candidate } from './support/candidate.ts';
import type { Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { isReleased, type LeaseSpec } from './support/lease.ts';
import type { RecorderOptions } from './support/recorder.ts';
import { until } from './support/until.ts';

const command = ['echo', 'started'];
const endings = [
  ['SIGTERM', { code: 143, signal: null }],
  ['SIGINT', { code: null, signal: 'SIGINT' }],
  ['SIGHUP', { code: 129, signal: null }],
  ['SIGQUIT', { code: 131, signal: null }],
] as const;

/** Sends it, and expects that it is over before a request could time out, without a word on stdout. */
async function endsAtOnce(
  candidate: Candidate,
  [signal, ending]: (typeof endings)[number] = endings[0],
): Promise<void> {
  const sentAt = performance.now();
  candidate.signal(signal);
  expect(await candidate.ended).toEqual(ending);
  expect(performance.now() - sentAt).toBeLessThan(1_900);
  expect(candidate.stdout).toBe('');
}

/**
 * A signal has no receipt, and another thread than the first may take it. A process that has none pending, and whose first
 * thread has slept for a while since without waking, has seen to it.
 */
async function hasTaken(pid: number, signal: number): Promise<void> {
  let since = performance.now();
  let before = '';
  await until(
    'the signal is taken',
    () => {
      const isPending = signalsIn(pid, 'ShdPnd').has(signal);
      const now = `${String(isPending)} ${stateOf(pid)} ${statusOf(pid, 'voluntary_ctxt_switches')}`;
      if (isPending || stateOf(pid) !== 'S' || now !== before) since = performance.now();
      before = now;
      return performance.now() - since >= 50;
    },
    { everyMs: 1 },
  );
}

describe.concurrent('while waiting', () => {
  test.for(endings)(
    '%s ends it within a second, and the holder keeps the Lease',
    async (ending, { contest }) => {
      await contest.join('a');
      await contest.nthLife(1);
      const b = await contest.join('b', { command });
      await b.told('standing-by');
      await endsAtOnce(b, ending);
      expect((await contest.requests('b')).map(({ verb }) => verb)).not.toContain('update');
    },
  );

  test('with nobody listening TERM ends it within a second', async ({ contest }) => {
    const proxy = await contest.proxy();
    await proxy.set('refuse');
    const kubeconfig = await contest.controlPlane.kubeconfig({ server: proxy.url });
    const a = await contest.join('a', { command, kubeconfig });
    await a.told('out-of-reach');
    await endsAtOnce(a);
  });

  test('for the first answer TERM ends it within a second', async ({ contest }) => {
    const proxy = await contest.proxy();
    await proxy.set('swallow');
    const kubeconfig = await contest.controlPlane.kubeconfig({ server: proxy.url });
    const a = await contest.join('a', { command, kubeconfig });
    await until('a connection', () => proxy.connections > 0);
    await endsAtOnce(a);
  });
});

describe.concurrent('while the first claim is on the wire, TERM ends it within a second', () => {
  const never = new Promise<undefined>(() => undefined);
  const isHeld = ({ holderIdentity }: LeaseSpec) => Boolean(holderIdentity);

  /** `a` takes part through a recorder that holds back what it is told to. */
  async function claimThroughRecorder(
    contest: Contest,
    hold: Pick<RecorderOptions, 'beforeAsking' | 'beforeAnswering'>,
  ): Promise<Candidate> {
    const { controlPlane, namespace } = contest;
    const account = await contest.account('a');
    const recorder = await contest.recorder({ ...account, ...hold });
    const kubeconfig = await controlPlane.kubeconfig({ server: recorder.url, namespace });
    return contest.join('a', { account, kubeconfig, command });
  }

  async function somebodyElseLeads(contest: Contest): Promise<void> {
    const b = await contest.join('b', { command: ['true'] });
    expect(await b.ended).toEqual({ code: 0, signal: null });
  }

  test('and what it wins a moment later is released', async ({ contest }) => {
    const answer = Promise.withResolvers<undefined>();
    const a = await claimThroughRecorder(contest, {
      beforeAnswering: (method) => (method === 'POST' ? answer.promise : undefined),
    });
    await contest.leaseOnce(isHeld);
    const ending = endsAtOnce(a);
    await hasTaken(a.pid, constants.signals.SIGTERM);
    answer.resolve(undefined);
    await ending;
    expect(isReleased((await contest.lease())!.spec)).toBe(true);
  });

  test('and what it has won without being told is released', async ({ contest }) => {
    const a = await claimThroughRecorder(contest, {
      beforeAnswering: (method) => (method === 'POST' ? never : undefined),
    });
    await contest.leaseOnce(isHeld);
    await endsAtOnce(a);
    expect(isReleased((await contest.lease())!.spec)).toBe(true);
  });

  test('and what it cannot release any more runs out', async ({ contest }) => {
    let isCutOff = false;
    const a = await claimThroughRecorder(contest, {
      beforeAnswering(method) {
        isCutOff ||= method === 'POST';
        return isCutOff ? never : undefined;
      },
    });
    await contest.leaseOnce(isHeld);
    await endsAtOnce(a);
    expect(isHeld((await contest.lease())!.spec)).toBe(true);
    await somebodyElseLeads(contest);
  });

  test('and what arrives after its end runs out', async ({ contest }) => {
    const claimed = Promise.withResolvers<undefined>();
    const arrival = Promise.withResolvers<undefined>();
    const a = await claimThroughRecorder(contest, {
      beforeAsking(method) {
        if (method !== 'POST') return undefined;
        claimed.resolve(undefined);
        return arrival.promise;
      },
    });
    await claimed.promise;
    await endsAtOnce(a);
    arrival.resolve(undefined);
    await contest.leaseOnce(isHeld);
    await somebodyElseLeads(contest);
  });
});
