/**
 * A fleet moves from an elector of the field on a ConfigMap to ours on a Lease, in two rollouts, pod by pod, as
 * docs/migration.md says: who leads when, by what the work of all has written down about itself in one clock.
 *
 *     old, old ──▶ old, both ──▶ both, both ──▶ both, lease ──▶ lease, lease
 *
 * Each round ends its pods in an order of its own, some gently, some by SIGKILL, the leader among them.
 * ROUNDS says how many rounds there are, SEED which.
 */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Candidate } from '../cluster/support/candidate.ts';
import { gapsMs } from '../cluster/support/lives.ts';
import { until } from '../cluster/support/until.ts';
import { seededRandom } from '../support/random.ts';
import { configMapPairs, prepareElectors, type Pair } from './support/electors.ts';
import { test, type Meeting } from './support/fixtures.ts';
import type { Foreign } from './support/foreign.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const count = Number(process.env['ROUNDS'] ?? configMapPairs.length);
const rounds = Array.from({ length: count }, (_, round) => ({
  round: round + 1,
  pair: configMapPairs[round % configMapPairs.length]!,
}));

interface Row {
  readonly pair: Pair;
  readonly leaders: number;
  readonly gaps: readonly number[];
}
const measured: Row[] = [];

beforeAll(prepareElectors);
afterAll(() => {
  const gaps = measured.flatMap((row) => row.gaps);
  const leaders = measured.reduce((sum, row) => sum + row.leaders, 0);
  process.stderr.write(
    `\nSEED=${seed}: ${measured.length} migrations, ${leaders} leaders, ` +
      `${gaps.filter((gap) => gap < 0).length} overlaps, ` +
      `gaps of ${Math.min(...gaps)} to ${Math.max(...gaps)} ms\n`,
  );
});

type Pod = Pick<Candidate | Foreign, 'signal' | 'ended'>;
type Random = () => number;

/** Replaces pods by others, one by one: the new one is ready before an old one goes. */
async function rollOut(
  old: readonly Pod[],
  start: (place: number) => Promise<Candidate>,
  { meeting, random }: { meeting: Meeting; random: Random },
): Promise<Candidate[]> {
  const started: Candidate[] = [];
  const leaving = random() < 0.5 ? [...old] : [...old].reverse();
  for (const [place, pod] of leaving.entries()) {
    const next = await start(place + 1);
    started.push(next);
    await ready(next);
    pod.signal(random() < 0.3 ? 'SIGKILL' : 'SIGTERM');
    await pod.ended;
  }
  await until('the work of a new pod', async () => {
    const tokens = started.flatMap(({ log }) => log.map(({ fencingToken }) => fencingToken));
    return (await meeting.lives()).some(({ token }) => tokens.includes(String(token)));
  });
  return started;
}

const said = (candidate: Candidate, event: string): boolean =>
  candidate.log.some((line) => line.event === event);
const leads = (candidate: Candidate): boolean => said(candidate, 'started');
const ready = (candidate: Candidate): Promise<unknown> =>
  until('it stands by, or leads', () => leads(candidate) || said(candidate, 'standing-by'));

async function migrate(meeting: Meeting, pair: Pair, random: Random): Promise<void> {
  const old1 = await meeting.foreign(pair, 'old-1');
  await old1.told('leading', 'old-1');
  const old2 = await meeting.foreign(pair, 'old-2');
  await old2.told('observed', 'old-1');
  await meeting.livesOnce(1);
  const inBoth = (place: number) => meeting.ours('configmap+lease', `both-${place}`);
  const both = await rollOut([old1, old2], inBoth, { meeting, random });
  const inLease = (place: number) => meeting.ours('lease', `lease-${place}`);
  const moved = await rollOut(both, inLease, { meeting, random });
  for (const candidate of moved) candidate.signal('SIGTERM');
  await Promise.all(moved.map(({ ended }) => ended));
}

describe.concurrent(`two rollouts, SEED=${seed}:`, () => {
  test.for(rounds)(
    'migration $round, from $pair.elector.name: never two leaders',
    { timeout: 240_000 },
    async ({ round, pair }, { meeting }) => {
      await migrate(meeting, pair, seededRandom(seed + round));
      const lives = await meeting.lives();
      const gaps = gapsMs(lives);
      measured.push({ pair, leaders: lives.length, gaps });
      expect(gaps.filter((gap) => gap < 0)).toEqual([]);
      expect(lives.length).toBeGreaterThanOrEqual(3);
      // The others have none: theirs are numbers of their own.
      const tokens = lives.map(({ token }) => token).filter((token) => token > 2n);
      expect(tokens).toEqual([...tokens].sort((a, b) => (a < b ? -1 : 1)));
    },
  );
});
