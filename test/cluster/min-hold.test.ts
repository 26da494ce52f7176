/** `run --min-hold D`, on real servers and files. */
import { describe, expect } from 'vitest';
import { test } from './support/fixtures.ts';
import { isReleased } from './support/lease.ts';
import { joinAt, stepDownAt, type Place } from './support/places.ts';
import type { LogLine } from './support/candidate.ts';

const fails = ['/bin/sh', '-c', 'exit 3'];
const between = (one: LogLine, other: LogLine) => Date.parse(other.time) - Date.parse(one.time);

describe.concurrent.each<Place>(['lease', 'local'])('on a %s', (place) => {
  test('the lock is kept, and renewed, for so long after CMD, whose exit status it is', async ({
    contest,
  }) => {
    const a = await joinAt(place, contest, 'a', { command: fails, flags: ['--min-hold', '8s'] });
    const exited = await a.told('exited');
    const b = await joinAt(place, contest, 'b');
    const elected = await b.told('elected');
    // Longer than a lease that nobody renews.
    expect(between(exited, elected)).toBeGreaterThanOrEqual(8_000);
    expect(await a.ended).toEqual({ code: 3, signal: null });
    const releasedAt = a.log.find(({ event }) => event === 'release')!;
    expect(between(exited, releasedAt)).toBeLessThan(10_000);
  });

  test('TERM ends it, and the next one starts', async ({ contest }) => {
    const a = await joinAt(place, contest, 'a', { command: fails, flags: ['--min-hold', '1h'] });
    await a.told('holding');
    const b = await joinAt(place, contest, 'b');
    await b.told('standing-by');
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 3, signal: null });
    await b.told('started', 3_000);
  });

  test('a holder that is killed is succeeded when its lease has run out, not when the time is over', async ({
    contest,
  }) => {
    const a = await joinAt(place, contest, 'a', { command: fails, flags: ['--min-hold', '1h'] });
    await a.told('holding');
    const b = await joinAt(place, contest, 'b');
    await b.told('standing-by');
    a.signal('SIGKILL');
    await b.told('started', 10_000);
  });
});

describe.concurrent('it is over with', () => {
  test.for(['SIGINT', 'SIGHUP', 'SIGQUIT'] as const)('%s', async (signal, { contest }) => {
    const a = await joinAt('lease', contest, 'a', { command: fails, flags: ['--min-hold', '1h'] });
    await a.told('holding');
    a.signal(signal);
    expect(await a.ended).toEqual({ code: 3, signal: null });
    expect(isReleased((await contest.lease())!.spec)).toBe(true);
  });

  test('a request to step down for another leader', async ({ contest }) => {
    const a = await joinAt('lease', contest, 'a', { command: fails, flags: ['--min-hold', '1h'] });
    await a.told('holding');
    const asking = await stepDownAt('lease', contest, '--wait', '5s');
    expect(await asking.ended).toEqual({ code: 0, signal: null });
    expect(await a.ended).toEqual({ code: 3, signal: null });
  });

  test('a command that a signal has ended', async ({ contest }) => {
    const a = await joinAt('lease', contest, 'a', { flags: ['--min-hold', '1h'] });
    await contest.nthLife(1);
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
  });
});
