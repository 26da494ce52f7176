/**
 * Two API servers and three members of etcd, of which one fails while a leader goes on, hands over or dies: the others
 * are enough, and no two commands ever run at once. `ROUNDS=12` has every trouble with every act, more repeat that at
 * other moments; SEED says which.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { chanceOf } from '../faults/chance.ts';
import { startBalancer } from '../support/balancer.ts';
import { apiRequests } from '../support/control-plane/api-request.ts';
import { readFile } from 'node:fs/promises';
import { acts, atLast, somebodyLeads, type Act, type Scene } from './support/acts.ts';
import { inContest, lock, type Contest } from './support/contest.ts';
import { leaseAt } from './support/lease.ts';
import { gapsMs } from './support/lives.ts';
import { startSpareParts, troubles, type SpareParts, type Trouble } from './support/spare.ts';
import { until } from './support/until.ts';

const seed = Number(process.env['SEED'] ?? randomInt(1_000_000));
const rounds = Array.from({ length: Number(process.env['ROUNDS'] ?? 4) }, (_, index) => ({
  round: index + 1,
  trouble: troubles[index % troubles.length]!,
  act: acts[(index + Math.floor(index / troubles.length)) % acts.length]!,
}));
/** Smallest time between two commands, by what happened. */
const gaps = new Map<string, number[]>();

let parts: SpareParts;

beforeAll(async () => {
  parts = await startSpareParts();
});
afterAll(async () => {
  if (process.env['ROUNDS']) tellGaps();
  await parts.close();
});

test.for(rounds)(
  `$trouble.name while the leader $act.name (SEED=${seed}, round $round)`,
  { timeout: 600_000 },
  async ({ round, trouble, act }) => {
    const chance = chanceOf(seed, round);
    await inContest(parts.controlPlane, async (contest) => {
      const scene = await enter(contest, trouble, act);
      // Another part of the renewal's period.
      await delay(chance.whole(0, 1_500));
      const { over } = await trouble.begin(parts, chance);
      try {
        await Promise.all([act.play(scene), over]);
      } finally {
        await over.catch(() => {});
        await parts.whole();
      }
      await somebodyLeads(scene);
      for (const { signal } of scene.candidates) signal('SIGTERM');
      await Promise.all(scene.candidates.map(({ ended }) => ended));

      const between = gapsMs(await contest.lives());
      expect(between.filter((gapMs) => gapMs < 0)).toEqual([]);
      const what = `${trouble.name}, ${act.name}`;
      gaps.set(what, [...(gaps.get(what) ?? []), ...between]);
    });
  },
);

/** A leader with a family that is deaf to TERM, and two standbys, each with its ways to the servers. */
async function enter(contest: Contest, { ways }: Trouble, { flags }: Act): Promise<Scene> {
  const { controlPlane, servers } = parts;
  const { namespace } = contest;
  const { token } = await contest.account('candidate');
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${lock}`;
  const isKnown = async () =>
    (await servers[1].request('GET', path, undefined, { token })).status === 404;
  await until('the second server knows the account', isKnown, atLast);

  const balanced = async (places: readonly number[]): Promise<string> => {
    const balancer = await startBalancer(places.map((place) => servers[place]!.port));
    onTestFinished(() => balancer.close());
    return balancer.url;
  };
  const candidates = [];
  for (const [index, places] of ways.entries()) {
    const server = await balanced(places);
    const kubeconfig = await controlPlane.kubeconfig({ user: { token }, namespace, server });
    const candidate = await contest.join(`candidate ${index + 1}`, {
      kubeconfig,
      flags: [...flags, '--on-lost', 'rejoin', '--stop-timeout', '0.5'],
      command: contest.life('deaf', 'family'),
    });
    if (index === 0) await contest.nthLife(1, 2);
    else await candidate.told('standing-by', atLast.withinMs);
    candidates.push(candidate);
  }
  const ca = () => readFile(controlPlane.caFile, 'utf8');
  const request = apiRequests(await balanced([0, 1]), ca, controlPlane.adminToken);
  const inTime: typeof request = (method, url, body) =>
    request(method, url, body, { timeoutMs: 2_000 });
  return { contest, candidates, lease: leaseAt(inTime, { namespace, name: lock }).lease };
}

function tellGaps(): void {
  for (const [what, times] of gaps)
    process.stderr.write(
      `${what}: ${times.length} successions, smallest gap ${Math.min(...times)} ms\n`,
    );
  process.stderr.write(`SEED=${seed}, ${rounds.length} rounds\n`);
}
