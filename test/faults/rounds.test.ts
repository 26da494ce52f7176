/**
 * Real candidates for one lock a round, against a real control plane, under faults that a seed chooses. No two
 * commands may run at once, nothing may be left behind, nobody else's record be overwritten, and once everything
 * is well again somebody must lead.
 *
 *   ROUNDS=1000   how many (36)
 *   SEED=7        which; printed with the table. The same seed makes the same choices, as far as real time allows
 *   ROUND=17      only this one
 *   AT_ONCE=6     how many rounds go on at the same time
 */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { openArena, type Arena } from './arena.ts';
import type { Kind, Note } from './bout.ts';
import { chanceOf } from './chance.ts';
import type { Result } from './result.ts';
import { playRound, type RoundPlan } from './round.ts';
import { strikeServer } from './server-trouble.ts';
import { tableOf } from './table.ts';

const { env } = process;
const seed = Number(env['SEED'] ?? randomInt(1_000_000));
const rounds = Number(env['ROUNDS'] ?? 36);
const atOnce = Number(env['AT_ONCE'] ?? 6);
const only = env['ROUND'] === undefined ? undefined : Number(env['ROUND']);

/** Of ten rounds, two are spent on faults of the server. */
const kinds: readonly Kind[] = [
  ...(['network', 'processes', 'mixed', 'foreign hand'] as const),
  ...(['network', 'processes', 'mixed', 'credentials'] as const),
  ...(['server', 'server'] as const),
];
const plans = Array.from({ length: rounds }, (_, index): RoundPlan => {
  return { seed, number: index + 1, kind: kinds[index % kinds.length]! };
});
const alone = plans.filter(({ kind, number }) => kind !== 'server' && number === (only ?? number));
const server = plans.filter(({ kind }) => kind === 'server');
/** Rounds that share what happens to the server. */
const waves = Array.from({ length: Math.ceil(server.length / atOnce) }, (_, index) => {
  const wave = server.slice(index * atOnce, (index + 1) * atOnce);
  return { first: wave[0]!.number, last: wave.at(-1)!.number, wave };
}).filter(({ wave }) => only === undefined || wave.some(({ number }) => number === only));

let arena: Arena;
const results: Result[] = [];

beforeAll(async () => {
  arena = await openArena();
});
afterAll(async () => {
  process.stderr.write(`\nSEED=${seed} ROUNDS=${rounds}\n${tableOf(results)}\n`);
  await arena.close();
});

function check(...played: readonly Result[]): void {
  results.push(...played);
  const failures = played
    .filter(({ problems }) => problems.length > 0)
    .map(({ problems, number, timeline }) =>
      [`SEED=${seed} ROUNDS=${rounds} ROUND=${number}`, ...problems, timeline].join('\n'),
    );
  if (failures.length > 0) throw new Error(failures.join('\n\n'));
}

describe('one leader at most, none left behind, and a leader again', () => {
  test.concurrent.for(alone)('round $number: $kind', async (plan) => {
    check(await playRound(arena, plan));
  });
});

describe('the server fails for all', () => {
  test.for(waves)('rounds $first to $last', async ({ first, wave }) => {
    const chance = chanceOf(seed, -first);
    const notes: Note[] = [];
    const leaders = wave.map(() => Promise.withResolvers<undefined>());
    const over = Promise.all(leaders.map(({ promise }) => promise)).then(() =>
      strikeServer(arena.controlPlane, { chance, notes }),
    );
    const played = wave.map(async (plan, index) => {
      const ready = () => {
        leaders[index]!.resolve(undefined);
      };
      const result = await playRound(arena, { ...plan, trouble: { ready, over, notes } });
      return { ...result, faults: result.faults + (await over) };
    });
    check(...(await Promise.all(played)));
  });
});
