/**
 * The other electors: how each is started, what its users are promised by its own rules, and where its
 * records differ from ours. All was read in the releases that are pinned here, and is measured by the tests.
 */
import { join } from 'node:path';
import { annotationElector, goPrograms, pythonWithElectors } from './programs.ts';

/** Where a record can live. */
export type LockKind = 'lease' | 'configmap';

/** Equal for both sides: an elector that waits by its own duration must have ours. In seconds. */
export const timing = { leaseDuration: 6, renewDeadline: 4, retryPeriod: 1 };

export interface Elector {
  readonly name: string;
  /** Kinds that its own locks cover. */
  readonly kinds: readonly LockKind[];
  /** Whether it gives the lock back when it is stopped. Else the lease runs out. */
  readonly releases: boolean;
  /** Whether it counts the changes of holder. Else it keeps what it finds. */
  readonly countsTransitions: boolean;
  /** The longest pause between two looks of a follower, in ms, without the requests themselves. */
  readonly lookMs: number;
  /** The command line without the arguments that all have. */
  readonly command: () => Promise<[string, ...string[]]>;
}

const retryMs = timing.retryPeriod * 1_000;
const script = (name: string): string => join(import.meta.dirname, '..', 'python', name);

export const electors: readonly Elector[] = [
  {
    name: 'client-go',
    kinds: ['lease'],
    releases: true,
    countsTransitions: true,
    // The retry period and up to 1.2 times as much again: its jitter.
    lookMs: retryMs * 2.2,
    command: async () => [(await goPrograms()).elector],
  },
  {
    name: 'client-go 0.23',
    kinds: ['configmap'],
    releases: true,
    countsTransitions: true,
    lookMs: retryMs * 2.2,
    command: async () => [await annotationElector()],
  },
  {
    name: 'kubernetes (Python)',
    kinds: ['lease', 'configmap'],
    releases: false,
    countsTransitions: false,
    lookMs: retryMs,
    command: async () => [await pythonWithElectors(), script('kubernetes_elector.py')],
  },
  {
    // Writes its local time as if it were UTC; our tests run it where that is wrong by hours.
    name: 'kubernetes_asyncio (Python)',
    kinds: ['lease', 'configmap'],
    releases: false,
    countsTransitions: false,
    lookMs: retryMs,
    command: async () => [await pythonWithElectors(), script('kubernetes_asyncio_elector.py')],
  },
];

/** One of them and ours, on one lock of that kind. */
export interface Pair {
  readonly elector: Elector;
  readonly kind: LockKind;
}

const pairsOn = (kind: LockKind): Pair[] =>
  electors.filter(({ kinds }) => kinds.includes(kind)).map((elector) => ({ elector, kind }));

/** On a Lease. */
export const pairs: readonly Pair[] = pairsOn('lease');
export const configMapPairs: readonly Pair[] = pairsOn('configmap');

/** Makes what has to be made before any of them can start. */
export async function prepareElectors(): Promise<void> {
  for (const { command } of electors) await command();
}
