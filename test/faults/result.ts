/** What a round has come to: everything that was recorded, and what of it should not have been. */
import { until } from '../cluster/support/until.ts';
import type { Bout, Kind } from './bout.ts';
import { readFamilies, type Family } from './families.ts';
import {
  gapsOf,
  overlaps,
  overwritten,
  releasedTooEarly,
  restored,
  unexpectedEnd,
  type Gap,
} from './judge.ts';
import { departure } from './left-behind.ts';
import { send } from '../process/support/den.ts';

export interface Result {
  readonly kind: Kind;
  readonly number: number;
  readonly faults: number;
  readonly takeovers: number;
  readonly gaps: readonly Gap[];
  readonly overlaps: number;
  readonly orphans: number;
  readonly overwritten: number;
  /** From a wrapper's SIGKILL to the last sign of its family. */
  readonly lingeredMs: number;
  /** From the healing to a leader. */
  readonly recoveredMs: number;
  readonly silentMs: number;
  readonly problems: readonly string[];
  /** What happened, one line each. */
  readonly timeline: string;
}

/** A case of its own says 100 ms; the rest is for two cores that dozens of processes share. */
const orphanAfterMs = 1_000;
export async function judge(
  bout: Bout,
  problems: readonly string[],
): Promise<Omit<Result, 'recoveredMs' | 'timeline' | 'number'>> {
  const { arena, pitch, lock, lives, lease } = bout;
  const lastEndMs = Math.max(...bout.contenders.map(({ end }) => end?.atMs ?? 0));
  const marks = bout.contenders.map(({ mark }) => mark);
  const { seenMs, lastSeen, left } = await departure({ marks, folder: lives }, 5_000);
  for (const pid of left) send(pid, 'SIGKILL');
  const families = await readFamilies(lives);
  const latest = BigInt((await lease.lease())?.metadata.resourceVersion ?? 0);
  const history = await until('all versions are known', () => {
    const known = arena.history.of(pitch.namespace, lock);
    return (known.at(-1)?.version ?? 0n) >= latest && known;
  });
  const gaps = gapsOf(families, history);
  const overlapping = overlaps(families, gaps);
  const taken = overwritten(history, bout);
  const lingered = lingeredMs(bout, families);
  const lateMs = seenMs - lastEndMs;
  const isLate = lateMs > orphanAfterMs;
  return {
    kind: bout.kind,
    faults: bout.faults,
    takeovers: gaps.length,
    gaps,
    overlaps: overlapping.length,
    orphans: left.length || Number(isLate || lingered > orphanAfterMs),
    overwritten: taken.length,
    lingeredMs: lingered,
    silentMs: silentMs(bout, families),
    problems: [
      ...problems,
      ...overlapping,
      ...taken,
      ...releasedTooEarly(families, history),
      ...restored(bout),
      ...(lingered > orphanAfterMs
        ? [`a command lived on for ${Math.round(lingered)} ms after SIGKILL to its wrapper`]
        : []),
      ...bout.contenders.map(unexpectedEnd).filter((problem) => problem !== undefined),
      ...(left.length > 0 ? [`left behind: ${lastSeen.join(', ')}`] : []),
      ...(isLate && left.length === 0
        ? [`${lastSeen.join(', ')} went ${Math.round(lateMs)} ms late`]
        : []),
    ],
  };
}

function lingeredMs({ contenders }: Bout, families: readonly Family[]): number {
  const delays = contenders.flatMap(({ mark, killedAtMs }) =>
    killedAtMs === undefined
      ? []
      : families.filter((family) => family.mark === mark).map(({ lastMs }) => lastMs - killedAtMs),
  );
  return Math.max(0, ...delays);
}

/** The longest silence, but for families of which somebody was frozen. */
function silentMs({ frozen }: Bout, families: readonly Family[]): number {
  const free = families.filter(({ pids }) => ![...pids].some((pid) => frozen.has(pid)));
  return Math.max(0, ...free.map((family) => family.silentMs));
}
