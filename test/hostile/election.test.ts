/**
 * An elector on a lock that says anything, for an hour of its time: it never throws, never leads but by an
 * acknowledged write of its own that is young enough, never after it was shown another holder, and ends when asked.
 * What it tells meanwhile is one line each.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Elector } from '../../src/election/elector.ts';
import type { Patience } from '../../src/election/candidate.ts';
import {
  LockFault,
  type LeaderRecord,
  type Lock,
  type Versioned,
  type WriteResult,
} from '../../src/election/lock.ts';
import type { Term } from '../../src/election/term.ts';
import { defaultTiming } from '../../src/election/timing.ts';
import { log } from '../../src/observe/log.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { seededRandom } from '../support/random.ts';
import { text } from './arbitraries.ts';
import { oneLine } from './expectations.ts';
import { patience, runs } from './runs.ts';

/** Within the port's contract: a number that is no number a lock must not pass on, and ours do not. */
const duration = fc.oneof(
  fc.integer({ min: 1, max: 20_000 }),
  fc.constantFrom(0.001, 1_000, 15_000, 2 ** 31 * 1_000, 2 ** 53, 1e300),
);
const time = fc.option(fc.maxSafeNat(), { nil: undefined });
const record: fc.Arbitrary<LeaderRecord> = fc.record({
  holder: fc.oneof(fc.constantFrom('', 'me', 'another'), text),
  leaseDurationMs: fc.option(duration, { nil: undefined }),
  acquireTimeUs: time,
  renewTimeUs: time,
  transitions: fc.maxSafeNat(),
});
const versioned: fc.Arbitrary<Versioned> = fc.record({
  record,
  version: fc.oneof(fc.constantFrom('', '1', '2', '100', '99999999999999999999'), text),
  origin: fc.constantFrom(undefined, null, {}),
});
const failure: fc.Arbitrary<unknown> = fc.oneof(
  fc
    .record({
      kind: fc.constantFrom('unreachable', 'denied', 'unsupported' as const),
      message: text,
      hint: text,
      retryAfterMs: fc.oneof(fc.nat(60_000), fc.constantFrom(0, 1e300)),
    })
    .map(({ kind, message, ...more }) => new LockFault(kind, message, more)),
  text.map((message) => new TypeError(message)),
  fc.constantFrom(undefined, null, 'a string', 7),
);

type Deed<T> =
  | { readonly kind: 'throw' | 'reject'; readonly what: unknown }
  | { readonly kind: 'never' }
  /** What `T` stands for, or the truth. */
  | { readonly kind: 'answer'; readonly what: T; readonly afterMs: number };

const deed = <T>(what: fc.Arbitrary<T>): fc.Arbitrary<Deed<T>> =>
  fc.oneof(
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('throw' as const), what: failure }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reject' as const), what: failure }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'never' as const }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('answer' as const),
        what,
        afterMs: fc.oneof(fc.constant(0), fc.nat(12_000)),
      }),
    },
  );
const reading = deed(
  fc.oneof(fc.constant('truth' as const), fc.option(versioned, { nil: undefined })),
);
const writing = deed(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant('truth' as const) },
    { weight: 1, arbitrary: fc.constant<WriteResult>({ kind: 'conflict' }) },
    {
      weight: 1,
      arbitrary: versioned.map((current): WriteResult => ({ kind: 'written', current })),
    },
  ),
);
const patient: fc.Arbitrary<Patience> = fc.oneof(
  fc.constant<Patience>({ kind: 'forever' }),
  fc.constant<Patience>({ kind: 'try' }),
  fc.nat(30_000).map((waitMs): Patience => ({ kind: 'wait', waitMs })),
);

const hourMs = 3_600_000;
const stepMs = 500;

/** A lock that does one deed after the other, from the start again when they are used up. */
class UnrulyLock implements Lock {
  /** When the young and the old of our acknowledged writes were sent. */
  readonly acknowledged: number[] = [];
  calls = 0;
  #version = 100;
  #current: Versioned | undefined;
  readonly #clock: FakeClock;
  readonly #readings: readonly Deed<'truth' | Versioned | undefined>[];
  readonly #writings: readonly Deed<'truth' | WriteResult>[];

  constructor(
    clock: FakeClock,
    readings: readonly Deed<'truth' | Versioned | undefined>[],
    writings: readonly Deed<'truth' | WriteResult>[],
  ) {
    this.#clock = clock;
    this.#readings = readings;
    this.#writings = writings;
  }

  read(): Promise<Versioned | undefined> {
    const current = this.#current;
    return this.#do(this.#readings, (what) => (what === 'truth' ? current : what));
  }

  write(record: LeaderRecord, basis: Versioned | undefined): Promise<WriteResult> {
    const sentAtMs = this.#clock.now();
    return this.#do(this.#writings, (what) => {
      const result = what === 'truth' ? this.#write(record, basis) : what;
      if (result.kind === 'written' && record.holder !== '') this.acknowledged.push(sentAtMs);
      return result;
    });
  }

  #write(record: LeaderRecord, basis: Versioned | undefined): WriteResult {
    if (basis?.version !== this.#current?.version) return { kind: 'conflict' };
    this.#current = { record, version: String(++this.#version), origin: undefined };
    return { kind: 'written', current: this.#current };
  }

  #do<T, R>(deeds: readonly Deed<T>[], answer: (what: T) => R): Promise<R> {
    const next = deeds[this.calls++ % deeds.length]!;
    switch (next.kind) {
      case 'throw':
        throw next.what;
      case 'reject':
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        return Promise.reject(next.what);
      case 'never':
        return new Promise(() => undefined);
      case 'answer':
        return this.#clock.sleep(next.afterMs).then(() => answer(next.what));
      default:
        return next satisfies never;
    }
  }
}

test('an hour on a lock that says anything', { timeout: patience(60_000) }, async () => {
  const deeds = fc.record({
    readings: fc.array(reading, { minLength: 1, maxLength: 12 }),
    writings: fc.array(writing, { minLength: 1, maxLength: 12 }),
    patiences: fc.array(patient, { minLength: 1, maxLength: 3 }),
    format: fc.constantFrom('text' as const, 'json' as const),
    holdsMs: fc.nat(120_000),
    seed: fc.integer(),
  });
  let terms = 0;
  await fc.assert(
    fc.asyncProperty(deeds, async ({ readings, writings, patiences, format, holdsMs, seed }) => {
      const clock = new FakeClock();
      const lock = new UnrulyLock(clock, readings, writings);
      const lines: string[] = [];
      const elector = new Elector({
        lock,
        clock,
        timing: defaultTiming,
        identity: 'me',
        requestTimeoutMs: 5_000,
        random: seededRandom(seed),
        emit: log({
          sink: (line) => lines.push(line),
          format,
          level: 'debug',
          lock: 'demo',
          facts: () => ({}),
          colours: false,
          wall: () => 0,
        }),
      });
      const stop = new AbortController();
      let term: Term | undefined;
      const live = async () => {
        for (let round = 0; !stop.signal.aborted; round += 1) {
          const wanted = patiences[round % patiences.length]!;
          const outcome = await elector.campaign({ signal: stop.signal, patience: wanted });
          if (outcome.kind === 'elected') {
            terms += 1;
            ({ term } = outcome);
            await clock.sleep(holdsMs, AbortSignal.any([term.lost, stop.signal]));
            await term.release();
          }
          await clock.sleep(1_000, stop.signal);
        }
      };
      const living = live();
      let hasEnded = false;
      living.then(
        () => (hasEnded = true),
        () => (hasEnded = true),
      );
      for (let atMs = 0; atMs < hourMs; atMs += stepMs) {
        await clock.advance(stepMs);
        const youngest = Math.max(...lock.acknowledged);
        if (term?.isTrusted())
          expect(clock.now() - youngest).toBeLessThan(defaultTiming.renewDeadlineMs);
        if (term && !term.loss) expect(term.remainingMs()).toBeLessThanOrEqual(14_000);
      }
      stop.abort();
      await clock.advance(10_000);
      expect(hasEnded).toBe(true);
      await living;
      expect(term?.isTrusted() ?? false).toBe(false);
      // An hour of whatever it is makes no storm.
      expect(lock.calls).toBeLessThan(60_000);
      for (const line of lines) expect(line).toMatch(oneLine);
      await clock.advance(15_000);
      expect(clock.sleepers).toBe(0);
    }),
    runs(8),
  );
  expect(terms).toBeGreaterThan(0);
});
