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
const parts = piecesOf(plans, 100).map((part) => {
  const server = part.filter(({ kind }) => kind === 'server');
  return {
    first: part[0]!.number,
    last: part.at(-1)!.number,
    alone: part.filter(({ kind, number }) => kind !== 'server' && number === (only ?? number)),
    /** Rounds that share what happens to the server. */
    waves: piecesOf(server, atOnce)
      .filter((wave) => only === undefined || wave.some(({ number }) => number === only))
      .map((wave) => ({ wave, numbers: wave.map(({ number }) => number).join(' ') })),
  };
});

let arena: Arena;
const results: Result[] = [];

beforeAll(async () => {
  arena = await openArena();
});
afterAll(async () => {
  tell(`SEED=${seed} ROUNDS=${rounds}\n${tableOf(results)}`);
  await arena.close();
});

/** Told at once, as a long run may be cut short. */
function check(...played: readonly Result[]): void {
  const before = results.length;
  results.push(...played);
  if (Math.floor(results.length / 100) > Math.floor(before / 100)) tell(tableOf(results));
  const failures = played
    .filter(({ problems }) => problems.length > 0)
    .map(({ problems, number, timeline }) =>
      [`SEED=${seed} ROUNDS=${rounds} ROUND=${number}`, ...problems, timeline].join('\n'),
    );
  if (failures.length === 0) return;
  tell(failures.join('\n\n'));
  throw new Error(failures.join('\n\n'));
}

function tell(text: string): void {
  process.stderr.write(`\n${text}\n`);
}

describe.each(parts)('rounds $first to $last', ({ alone, waves }) => {
  test.concurrent.for(alone)('round $number: $kind', async (plan) => {
    check(await playRound(arena, plan));
  });

  test.for(waves)('rounds $numbers: the server fails for all', async ({ wave }) => {
    const chance = chanceOf(seed, -wave[0]!.number);
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

function piecesOf<T>(many: readonly T[], size: number): T[][] {
  const pieces = Math.ceil(many.length / size);
  return Array.from({ length: pieces }, (_, piece) => many.slice(piece * size, (piece + 1) * size));
}
