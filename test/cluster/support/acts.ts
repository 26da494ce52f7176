/** What a leader does while parts of the control plane fail, and what must come of it. */
import { uptime } from 'node:os';
import { expect } from 'vitest';
import type { Candidate } from './candidate.ts';
import { patient, swift, type Contest } from './contest.ts';
import type { LeaseClient } from './lease.ts';
import type { Life } from './lives.ts';
import { until, type Patience } from './until.ts';

/** Servers start again, leases run out, and others use the processors. */
export const atLast: Patience = { everyMs: 50, withinMs: 150_000 };

export interface Scene {
  readonly contest: Contest;
  readonly candidates: readonly Candidate[];
  /** By way of whichever server answers. */
  readonly lease: LeaseClient['lease'];
}

export interface Act {
  readonly name: string;
  readonly flags: readonly string[];
  play(scene: Scene): Promise<void>;
}

export const acts: readonly Act[] = [
  { name: 'hands over', flags: swift, play: (scene) => succession(scene, 'SIGTERM') },
  { name: 'is killed', flags: swift, play: (scene) => succession(scene, 'SIGKILL') },
  {
    name: 'goes on',
    flags: patient,
    async play(scene) {
      const leader = await leaderOf(scene);
      for (let renewals = 0; renewals < 2; renewals++) {
        const before = (await renewTimeOf(scene))!;
        await until(
          'a renewal',
          async () => ((await renewTimeOf(scene)) ?? before) > before,
          atLast,
        );
      }
      expect(leader.log.map(({ event }) => event)).not.toContain('stopping');
      expect(await scene.contest.lives()).toHaveLength(1);
    },
  },
];

/** Waits until a command runs that has given a sign of life since now. */
export async function somebodyLeads({ contest }: Scene): Promise<void> {
  const sinceMs = uptime() * 1_000;
  await until(
    'somebody leads',
    async () => ((await newest(contest))?.lastMs ?? 0) > sinceMs,
    atLast,
  );
}

async function succession(scene: Scene, signal: NodeJS.Signals): Promise<void> {
  const { token } = (await newest(scene.contest))!;
  (await leaderOf(scene)).signal(signal);
  await until('the next leader', async () => (await newest(scene.contest))!.token > token, atLast);
}

async function newest(contest: Contest): Promise<Life | undefined> {
  return (await contest.lives()).at(-1);
}

function leaderOf({ contest, candidates }: Scene): Promise<Candidate> {
  return until('the candidate that leads', async () => {
    const token = String((await newest(contest))?.token);
    return candidates.find(({ log }) =>
      log.some(({ event, fencingToken }) => event === 'elected' && fencingToken === token),
    );
  });
}

async function renewTimeOf(scene: Scene): Promise<string | undefined> {
  const read = async () => (await scene.lease())?.spec.renewTime;
  return until('the Lease can be read', () => read().catch(() => undefined), atLast);
}
