/**
 * A schedule: everything that chance decides in one simulated world, as data. fast-check draws it, and shrinks it
 * when something went wrong: fewer candidates, fewer troubles, rounder numbers.
 */
import fc from 'fast-check';
import type { Timing } from '../../src/election/timing.ts';
import { forwardedSignals, type ForwardedSignal } from '../../src/child/signals.ts';

export interface Schedule {
  readonly timings: readonly [Timing, Timing];
  /** All candidates use one identity. */
  readonly sharedIdentity: boolean;
  readonly candidates: readonly CandidatePlan[];
  readonly troubles: readonly Trouble[];
  /** Seed of what happens to single requests. */
  readonly noise: number;
  /** How many of a thousand requests something happens to. */
  readonly noisiness: number;
  /** Somebody takes records away by force. */
  readonly forced: boolean;
  /**
   * Which objects there are, and whether some candidates know both: none; the rollout from the first object to both; that
   * from both to the second.
   */
  readonly migration: 'none' | 'to-both' | 'to-second';
  /** Records are text in annotations. */
  readonly isAnnotated: boolean;
  /** Every command is to succeed once for all, by one key. */
  readonly isOnce: boolean;
}

/** An object that keeps the lock. */
export type Place = 'first' | 'second';

/** Where this candidate keeps the lock. */
export function placesOf(
  { migration }: Schedule,
  { isMoved }: CandidatePlan,
): readonly [Place] | readonly ['first', 'second'] {
  if (migration === 'none') return ['first'];
  if (migration === 'to-both') return isMoved ? ['first', 'second'] : ['first'];
  return isMoved ? ['second'] : ['first', 'second'];
}

export interface CandidatePlan {
  /** The command, or a program of its own with the library: a loop over its terms, or callbacks. */
  readonly form: 'command' | 'loop' | 'callbacks';
  /** Which of the two timings it uses. */
  readonly timing: 0 | 1;
  /** Clock rate in thousandths from true time, and its offset. */
  readonly drift: number;
  readonly offsetMs: number;
  readonly startsAtMs: number;
  /** Whether it has been replaced in a migration. */
  readonly isMoved: boolean;
  /** Whether it is allowed to watch the lock. */
  readonly isWatchable: boolean;
  readonly patience: 'forever' | 'try' | 'wait';
  readonly onLost: 'exit' | 'rejoin';
  readonly requestTimeoutMs: number;
  readonly stopTimeoutMs: number;
  /** How long the lock is kept after a command. */
  readonly minHoldMs: number;
  readonly restartsAfterMs: number;
  readonly kubelet: KubeletPlan;
  /** What its commands are like, one after the other and from the beginning again. */
  readonly commands: readonly CommandPlan[];
}

/** Where a candidate runs, and what is said about it. */
export interface KubeletPlan {
  /** Whether it certifies its death, and takes over when others' is certified. */
  readonly certifies: boolean;
  readonly reports: 'once' | 'twice' | 'never';
  readonly reportsInMs: number;
  /** Whether its next process is in another Pod, of the same name. */
  readonly moves: boolean;
  /** CMD writes its own message over whatever is there. */
  readonly overwrites: boolean;
}

export interface CommandPlan {
  /** From being elected to the first instruction, our own preparations included. */
  readonly startsInMs: number;
  /** Until it ends by itself. */
  readonly lastsMs: number;
  readonly code: number;
  /** Its way with TERM, INT, HUP and QUIT. */
  readonly onSignal: 'dies' | 'drains' | 'ignores';
  readonly drainsMs: number;
  /** What it leaves behind lives for so long after it; 0: nothing. Deaf to all but KILL. */
  readonly straggles: number;
  /** What it leaves behind can neither run nor be killed for so long: it hangs in the kernel. */
  readonly hangsMs: number;
  /** It does not hang for that long: it belongs to another user, runs on, and nobody may signal it. */
  readonly isForeign: boolean;
  /** How many more processes there are for each that is killed: it was just forking. */
  readonly forks: number;
  /** How long the keepers need from its deadline, or our death, to everybody's. */
  readonly killTakesMs: number;
}

export type Trouble =
  | {
      readonly kind: 'sent';
      readonly signal: ForwardedSignal;
      readonly who: number;
      readonly atMs: number;
    }
  | {
      readonly kind: (typeof lasting)[number];
      readonly who: number;
      readonly atMs: number;
      readonly forMs: number;
    }
  /**
   * Somebody changes a label, or asks the leader to hand over, or asks an earlier one to. `step-down` is the real
   * command, on whatever the lock is kept in.
   */
  | { readonly kind: 'label' | 'request' | 'stale request'; readonly atMs: number }
  | { readonly kind: 'step-down'; readonly atMs: number }
  | { readonly kind: (typeof forced)[number]; readonly atMs: number };

/**
 * - `cut`: nothing moves in either direction; later part of it is delivered, the rest never was
 * - `deaf`: requests arrive, answers do not
 * - `slow`: every packet is late
 * - `frozen`: SIGSTOP, or a blocked event loop; the keepers go on
 * - `asleep`: the machine is suspended
 * - `killed`: SIGKILL of the wrapper; the keepers go on
 * - `crashed`: the machine is gone, the command with it
 * - `wall`: its wall clock is set forwards or back
 * - `pod-deleted`, `pod-failed`: the control plane says so of its Pod, and its container does not care
 */
const lasting = [
  'cut',
  'deaf',
  'slow',
  'frozen',
  'asleep',
  'killed',
  'killed',
  'crashed',
  'wall',
  'pod-deleted',
  'pod-failed',
] as const;
/** Further chances of these: for each leader that releases, several that do not. */
const deadly = ['killed', 'killed', 'killed', 'crashed', 'crashed'] as const;
/**
 * - `cleared`: the holder alone is removed; `wiped`: the duration as well
 * - `renamed`: the record names somebody else
 * - `replayed`: what a process that is gone has once written comes back
 */
const forced = ['deleted', 'cleared', 'wiped', 'shortened', 'renamed', 'replayed'] as const;

/** Everything is wound up this long after the start; then follows a time without faults. */
export const troublesEndAtMs = 18_000;

const short: Timing = { leaseDurationMs: 1_000, renewDeadlineMs: 600, retryPeriodMs: 200 };
const timings: readonly Timing[] = [
  { leaseDurationMs: 6_000, renewDeadlineMs: 4_000, retryPeriodMs: 1_000 },
  { leaseDurationMs: 4_000, renewDeadlineMs: 3_300, retryPeriodMs: 1_500 },
  { leaseDurationMs: 4_000, renewDeadlineMs: 2_500, retryPeriodMs: 800 },
  { leaseDurationMs: 3_000, renewDeadlineMs: 2_000, retryPeriodMs: 500 },
];

const timing = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...timings) },
  { weight: 1, arbitrary: fc.constant(short) },
);
const between = (min: number, max: number) => fc.integer({ min, max });
const upTo = (max: number) => between(0, max);
const moment = upTo(troublesEndAtMs);

const command: fc.Arbitrary<CommandPlan> = fc.record({
  startsInMs: fc.oneof({ weight: 4, arbitrary: upTo(60) }, upTo(6_000)),
  lastsMs: fc.oneof(upTo(20_000), between(300, 5_000), fc.constant(1e9)),
  code: fc.constantFrom(0, 0, 1, 7, 255),
  onSignal: fc.constantFrom('dies', 'drains', 'ignores'),
  drainsMs: upTo(6_000),
  straggles: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, upTo(8_000)),
  hangsMs: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, upTo(16_000)),
  isForeign: fc.boolean(),
  forks: fc.constantFrom(0, 0, 0, 0, 1, 3),
  killTakesMs: upTo(80),
});

/** What is drawn. */
export interface Family {
  /** Records are written by anybody, not by candidates alone. */
  readonly forced: boolean;
  /** Every candidate has `--takeover-on-exit`, and processes die more often. */
  readonly takeover?: boolean;
}

const kubelet = ({ takeover }: Family): fc.Arbitrary<KubeletPlan> =>
  fc.record({
    certifies: takeover ? fc.constant(true) : fc.constantFrom(true, true, false),
    reports: fc.constantFrom('once', 'once', 'once', 'twice', 'never'),
    reportsInMs: fc.oneof({ weight: 3, arbitrary: upTo(300) }, upTo(8_000)),
    moves: fc.boolean(),
    overwrites: fc.constantFrom(false, false, false, true),
  });

const candidate = (family: Family): fc.Arbitrary<CandidatePlan> =>
  fc.record({
    form: fc.constantFrom('command', 'command', 'command', 'command', 'loop', 'callbacks'),
    timing: fc.constantFrom(0, 1),
    drift: fc.constantFrom(0, -10, 10, -10, 10),
    offsetMs: upTo(1e9),
    startsAtMs: fc.oneof(upTo(5), upTo(5_000)),
    isMoved: fc.boolean(),
    isWatchable: fc.constantFrom(true, true, true, false),
    patience: fc.constantFrom('forever', 'forever', 'forever', 'try', 'wait'),
    onLost: fc.constantFrom('exit', 'rejoin'),
    requestTimeoutMs: fc.constantFrom(1_000, 3_000, 20_000),
    stopTimeoutMs: fc.constantFrom(500, 3_000, 8_000),
    minHoldMs: fc.constantFrom(0, 0, 0, 0, 3_000),
    restartsAfterMs: between(200, 5_000),
    kubelet: kubelet(family),
    commands: fc.array(command, { minLength: 1, maxLength: 3 }),
  });

function trouble({ forced: isForced, takeover }: Family): fc.Arbitrary<Trouble> {
  const kinds = isForced ? forced : [];
  const who = upTo(4);
  const always: fc.Arbitrary<Trouble>[] = [
    fc.record({
      kind: fc.constantFrom(...lasting, ...(takeover ? deadly : [])),
      who,
      atMs: moment,
      forMs: fc.oneof(upTo(3_000), upTo(10_000)),
    }),
    fc.record({
      kind: fc.constant('sent' as const),
      signal: fc.constantFrom(...forwardedSignals),
      who,
      atMs: moment,
    }),
    fc.record({
      kind: fc.constantFrom('label', 'request', 'stale request', 'step-down'),
      atMs: moment,
    }),
  ];
  const [faults, signals, labels] = always;
  return fc.oneof(
    { weight: 6, arbitrary: faults! },
    { weight: 2, arbitrary: signals! },
    { weight: 1, arbitrary: labels! },
    ...(kinds.length > 0
      ? [
          {
            weight: 3,
            arbitrary: fc.record({
              kind: fc.constantFrom(...kinds),
              atMs: moment,
            }) as fc.Arbitrary<Trouble>,
          },
        ]
      : []),
  );
}

export function schedules(family: Family): fc.Arbitrary<Schedule> {
  return fc.record({
    timings: fc.tuple(timing, timing),
    sharedIdentity: fc.boolean(),
    candidates: fc.oneof(
      { weight: 3, arbitrary: fc.array(candidate(family), { minLength: 2, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(candidate(family), { minLength: 2, maxLength: 5 }) },
    ),
    troubles: fc.array(trouble(family), { maxLength: 12 }),
    noise: upTo(2 ** 31 - 1),
    noisiness: fc.constantFrom(0, 0, 30, 120),
    forced: fc.constant(family.forced),
    migration: fc.constantFrom('none', 'none', 'to-both', 'to-second'),
    isAnnotated: fc.constantFrom(false, false, false, true),
    isOnce: fc.constantFrom(false, false, false, false, false, true),
  });
}
