/**
 * How soon the server admits the writes of whoever leads now: it may refuse them until it has heard of the claim, by
 * identity, and never by token. Electors of one process, so that no command has to start in between.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { configMapLock, LeaderElector, leaseLock, openCluster } from '../../src/index.ts';
import { lock, rounds, type Contest } from './support/contest.ts';
import { fenceOff, targetIn, tokenOf } from './support/fenced.ts';
import { test } from './support/fixtures.ts';
import { patching } from './support/patching.ts';

const timing = { leaseDurationMs: 30_000, renewDeadlineMs: 20_000, retryPeriodMs: 2_000 };
const timeout = 200_000 + rounds.length * 10_000;

/** One that leads in the name of a Pod, and how many milliseconds after its election it was admitted, refusals included. */
async function leaderIn(
  contest: Contest,
  pod: string,
  flags: readonly string[],
  isOfToken: boolean,
) {
  const { controlPlane, namespace } = contest;
  const token = await tokenOf(contest, pod);
  const kubeconfig = await controlPlane.kubeconfig({ user: { token }, namespace });
  const cluster = openCluster({ kubeconfig });
  const kind = flags.includes('configmap') ? configMapLock : leaseLock;
  const identity = `${pod}_${randomUUID()}`;
  const elector = new LeaderElector({ lock: kind({ name: lock, cluster }), identity, ...timing });
  const patch = patching(controlPlane, targetIn(contest, flags), token);
  return {
    async leadAndWrite() {
      const campaign = await elector.campaign();
      if (campaign.kind !== 'elected') throw new Error(campaign.kind);
      const electedMs = performance.now();
      const { term } = campaign;
      const carried = isOfToken ? { 'k8s-leader.dev/fencing-token': term.fencingToken } : {};
      const change = { metadata: { annotations: { by: pod, ...carried } } };
      let refusals = 0;
      for (;;) {
        const begunMs = performance.now();
        const { status } = await patch(change);
        if (status === 200) {
          await term.release();
          return { afterMs: begunMs - electedMs, refusals };
        }
        expect(status).toBe(403);
        refusals += 1;
      }
    },
    close: () => cluster.close(),
  };
}

const forms = [
  ['identity', []],
  ['identity', ['--lock-kind', 'configmap']],
  ['token', []],
] as const;

test.for(forms)(
  'the next leader is admitted: by %s %j',
  { timeout },
  async ([by, flags], { contest }) => {
    await fenceOff(contest, ['--by', by, ...flags]);
    const isOfToken = by === 'token';
    const [one, other] = [
      await leaderIn(contest, 'one', flags, isOfToken),
      await leaderIn(contest, 'other', flags, isOfToken),
    ];
    const delays = [];
    for (const round of rounds) delays.push(await (round % 2 === 0 ? one : other).leadAndWrite());
    await Promise.all([one.close(), other.close()]);
    expect(delays.length).toBe(rounds.length);
    if (isOfToken) expect(delays.every(({ refusals }) => refusals === 0)).toBe(true);
    if (process.env['ROUNDS']) tell(by, delays);
  },
);

function tell(by: string, delays: readonly { afterMs: number; refusals: number }[]): void {
  const sorted = delays.map(({ afterMs }) => afterMs).sort((a, b) => a - b);
  const [median, worst] = [sorted[Math.floor(sorted.length / 2)] ?? NaN, sorted.at(-1) ?? NaN];
  const refused = delays.filter(({ refusals }) => refusals > 0).length;
  process.stderr.write(
    `admitted by ${by} after ${median.toFixed(1)} ms, worst ${worst.toFixed(1)}, ${String(refused)} refused at first\n`,
  );
}
