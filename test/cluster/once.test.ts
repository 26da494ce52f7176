/** `run --once KEY`, on real servers and files: at least once, recorded once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { doneAnnotation } from '../../src/locks/note-fields.ts';
import { swift, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { annotationsAt, joinAt, type Place } from './support/places.ts';
import { until } from './support/until.ts';

const once = ['--once', 'v42'];
const places: Place[] = ['lease', 'configmap', 'configmap+lease', 'local'];

/**
 * A command that does what `first` says, notes that it runs, and then does what `rest` says, where `$n` is how often it
 * has been run.
 */
function noting(contest: Contest, rest: string, first = ':'): string[] {
  const script = `${first}; echo run >>"$0"; n=$(wc -l <"$0"); ${rest}`;
  return ['/bin/sh', '-c', script, join(contest.folder, 'runs')];
}

function runs(contest: Contest): number {
  try {
    return readFileSync(join(contest.folder, 'runs'), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}

/** So many candidates at once, and how they have ended. */
async function crowd(place: Place, contest: Contest, count: number, rest: string) {
  const command = noting(contest, rest);
  const names = Array.from({ length: count }, (_, n) => `c${n}`);
  const joined = await Promise.all(
    names.map((name) => joinAt(place, contest, name, { command, flags: once })),
  );
  const ends = await Promise.all(joined.map(({ ended }) => ended));
  return ends.map(({ code }) => code).sort();
}

describe.each(places)('on a %s', (place) => {
  test('of 20 candidates at once one runs CMD, and all exit 0', async ({ contest }) => {
    expect(await crowd(place, contest, 20, 'sleep 0.5')).toEqual(Array(20).fill(0));
    expect(runs(contest)).toBe(1);
    if (place !== 'local')
      expect((await annotationsAt(place, contest))[doneAnnotation]).toBe('["v42"]');
  });

  test('after a run that fails exactly one other runs it, and the rest exit 0', async ({
    contest,
  }) => {
    expect(await crowd(place, contest, 5, '[ $n -gt 1 ] || exit 3')).toEqual([0, 0, 0, 0, 3]);
    expect(runs(contest)).toBe(2);
  });

  test('after a holder that is killed half-way another runs it', async ({ contest }) => {
    const command = noting(contest, '[ $n -gt 1 ] || sleep 60');
    const a = await joinAt(place, contest, 'a', { command, flags: once });
    await until('the first run', () => runs(contest) === 1);
    const b = await joinAt(place, contest, 'b', { command, flags: once });
    await b.told('standing-by');
    a.signal('SIGKILL');
    expect(await b.ended).toEqual({ code: 0, signal: null });
    expect(runs(contest)).toBe(2);
    const c = await joinAt(place, contest, 'c', { command, flags: once });
    expect(await c.ended).toEqual({ code: 0, signal: null });
    expect(c.log.map(({ event }) => event)).toContain('already-done');
    expect(runs(contest)).toBe(2);
  });
});

describe.concurrent('a run', () => {
  test.for(['0', '7'])(
    'that TERM has ended, with %s, is not recorded, and does not exit 0',
    async (code, { contest }) => {
      const rest = '[ $n -gt 1 ] || { sleep 60 & wait; }';
      const command = noting(contest, rest, `trap 'exit ${code}' TERM`);
      const a = await joinAt('lease', contest, 'a', { command, flags: once });
      await a.told('started');
      await until('the first run', () => runs(contest) === 1);
      a.signal('SIGTERM');
      expect(await a.ended).toEqual({ code: code === '0' ? 143 : 7, signal: null });
      expect(await annotationsAt('lease', contest)).not.toHaveProperty([doneAnnotation]);
      const b = await joinAt('lease', contest, 'b', { command, flags: once });
      expect(await b.ended).toEqual({ code: 0, signal: null });
      expect(runs(contest)).toBe(2);
    },
  );

  test('whose key cannot be stored for a while exits 0 once it is, and is not run again', async ({
    contest,
  }) => {
    const command = noting(contest, 'read line <"$0.go"');
    await contest.start([], { launcher: ['mkfifo', join(contest.folder, 'runs.go')] });
    const a = await contest.joinThroughProxy('a', { command, flags: [...swift, ...once] });
    await a.told('started');
    await until('the first run', () => runs(contest) === 1);
    await a.proxy.set('swallow');
    await contest.start([], {
      launcher: ['/bin/sh', '-c', 'echo go >"$0"', join(contest.folder, 'runs.go')],
    });
    await a.told('not-stored');
    await a.proxy.heal('drop');
    expect(await a.ended).toEqual({ code: 0, signal: null });
    expect(runs(contest)).toBe(1);
    expect((await annotationsAt('lease', contest))[doneAnnotation]).toBe('["v42"]');
  });

  test('for one key does not stand for another', async ({ contest }) => {
    const command = noting(contest, 'true');
    for (const [index, key] of ['v1', 'v2', 'v1'].entries()) {
      const one = await joinAt('lease', contest, `c${index}`, { command, flags: ['--once', key] });
      expect(await one.ended).toEqual({ code: 0, signal: null });
    }
    expect(runs(contest)).toBe(2);
    expect((await annotationsAt('lease', contest))[doneAnnotation]).toBe('["v1","v2"]');
  });
});
