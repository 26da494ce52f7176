/**
 * Ours and the electors that others run, on one lock with equal durations: who leads when, by what the
 * work of both has written down about itself in one clock.
 *
 * What the others do, and these tests show:
 * - client-go gives the lock back when it is stopped. The Python electors have no release: after them
 *   the lease runs out, however gently they were stopped.
 * - All take a lock that ours has given back (holder "") at their next look, the Python ones as well.
 * - The Python electors wait by their own duration, not the record's, and never count transitions.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { LeaseSpec } from '../cluster/support/lease.ts';
import { gapsMs } from '../cluster/support/lives.ts';
import { until } from '../cluster/support/until.ts';
import { electors, lockKinds, timing, type Elector, type LockKind } from './support/electors.ts';
import { test, type Meeting } from './support/fixtures.ts';
import { handOverTable, type HandOver } from './support/table.ts';

const leaseMs = timing.leaseDuration * 1_000;
const retryMs = timing.retryPeriod * 1_000;
/** For requests, and for programs to start on a busy machine. */
const slackMs = 500;
/** Between two looks of ours where it polls: the retry period and its jitter. */
const ourLookMs = retryMs * 1.2;

const measured: HandOver[] = [];

beforeAll(async () => {
  for (const { command } of electors) await command();
});

afterAll(() => {
  process.stderr.write(`\n${handOverTable(measured)}\n`);
});

/** The record once `holder` leads, and again when it has renewed: it is there to stay. */
async function recordOf({ contest }: Meeting, holder: string): Promise<LeaseSpec> {
  const { spec } = await contest.leaseOnce(({ holderIdentity }) => holderIdentity === holder);
  const { renewTime, ...rest } = spec;
  const later = await contest.leaseOnce((now) => now.renewTime !== renewTime);
  expect(later.spec).toEqual({ ...rest, renewTime: later.spec.renewTime });
  return spec;
}

/** From the end of the first leadership to the beginning of the second, and there was no third. */
async function handOverMs(meeting: Meeting): Promise<number> {
  await until('a second leader', async () => (await meeting.lives()).length > 1);
  const lives = await meeting.lives();
  expect(lives).toHaveLength(2);
  return gapsMs(lives)[0]!;
}

type Case = Pick<HandOver, 'end'> & { readonly elector: Elector; readonly kind: LockKind };

const signals = { graceful: 'SIGTERM', crash: 'SIGKILL' } as const;

/** The foreign elector leads, ours stands by; then the foreign one ends. */
async function foreignThenOurs(meeting: Meeting, { elector, kind, end }: Case): Promise<void> {
  const foreign = await meeting.foreign(elector, kind);
  await foreign.told('leading', 'foreign');
  const ours = await meeting.ours(kind);
  expect(await ours.told('standing-by')).toMatchObject({ holder: 'foreign' });
  foreign.signal(signals[end]);
  await foreign.ended;
  await ours.told('started');

  const { leaseDurationSeconds, leaseTransitions } = await recordOf(meeting, 'ours');
  expect({ leaseDurationSeconds, leaseTransitions }).toEqual({
    leaseDurationSeconds: timing.leaseDuration,
    leaseTransitions: 1,
  });
  const watched = (await meeting.contest.requests('ours')).some(({ verb }) => verb === 'watch');
  const sightMs = watched ? 0 : ourLookMs;
  const released = end === 'graceful' && elector.releases;
  const boundMs = (released ? 0 : leaseMs) + sightMs + slackMs;
  await expectHandOver(meeting, { elector, kind, end, released, boundMs, from: 'foreign' });
}

/** Ours leads, the foreign elector stands by; then ours ends. */
async function oursThenForeign(meeting: Meeting, { elector, kind, end }: Case): Promise<void> {
  const ours = await meeting.ours(kind);
  await ours.told('started');
  const foreign = await meeting.foreign(elector, kind);
  await foreign.told('observed', 'ours');
  ours.signal(signals[end]);
  await ours.ended;
  await foreign.told('leading', 'foreign');

  const { leaseDurationSeconds, leaseTransitions } = await recordOf(meeting, 'foreign');
  expect({ leaseDurationSeconds, leaseTransitions }).toEqual({
    leaseDurationSeconds: timing.leaseDuration,
    leaseTransitions: elector.countsTransitions ? 1 : 0,
  });
  const released = end === 'graceful';
  // One look to see the last renewal, and one to see that the wait is over.
  const boundMs = released ? elector.lookMs + slackMs : leaseMs + 2 * elector.lookMs + slackMs;
  await expectHandOver(meeting, { elector, kind, end, released, boundMs, from: 'ours' });
}

interface Expectation extends Case {
  readonly released: boolean;
  readonly boundMs: number;
  readonly from: 'ours' | 'foreign';
}

async function expectHandOver(meeting: Meeting, expected: Expectation): Promise<void> {
  const { elector, kind, end, released, boundMs, from } = expected;
  const gapMs = await handOverMs(meeting);
  const direction = from === 'ours' ? 'ours → foreign' : 'foreign → ours';
  measured.push({ elector: elector.name, kind, direction, end, gapMs, boundMs });
  expect(gapMs).toBeGreaterThanOrEqual(0);
  expect(gapMs).toBeLessThanOrEqual(boundMs);
  // The last renewal was at most a retry period before the end.
  if (!released) expect(gapMs).toBeGreaterThan(leaseMs - retryMs - slackMs);
}

for (const elector of electors)
  for (const kind of lockKinds.filter((one) => elector.kinds.includes(one)))
    describe.concurrent(`${elector.name} and ours on one ${kind} never lead at once:`, () => {
      const { releases } = elector;
      const whatFollows = releases
        ? 'gives the lock back, ours leads as soon as it sees that'
        : 'has no release, ours leads when the lease has run out';

      test(`it stops, ${whatFollows}`, async ({ meeting }) => {
        await foreignThenOurs(meeting, { elector, kind, end: 'graceful' });
      });

      test('it is killed, ours leads when the lease has run out', async ({ meeting }) => {
        await foreignThenOurs(meeting, { elector, kind, end: 'crash' });
      });

      test('ours stops, it leads from its next look on', async ({ meeting }) => {
        await oursThenForeign(meeting, { elector, kind, end: 'graceful' });
      });

      test('ours is killed, it leads when it has waited for the lease', async ({ meeting }) => {
        await oursThenForeign(meeting, { elector, kind, end: 'crash' });
      });
    });
