/**
 * `--takeover-on-exit`, on the side of the leader: the same lock, but before each claim the line is in the termination
 * message, and the write of each term says where its holder lives. In this order: who reads the Lease may rely on the line.
 *
 *     claim ── line ──▶ write with home      renewal ──▶ write with home      release ──▶ write ──▶ line removed
 */
import type { Clock } from '../election/clock.ts';
import type { LeaderRecord, Lock } from '../election/lock.ts';
import type { Dwelling } from './certificate.ts';
import type { TerminationLog } from './termination-log.ts';

export interface CertifyingOptions {
  readonly clock: Clock;
  readonly dwelling: Dwelling;
  readonly log: TerminationLog;
  readonly warn: (message: string) => void;
}

/**
 * A disk that hangs must not cost a claim. But a busy machine must not cost the certificate: with a long lease the next
 * write of the Lease, and so the next chance, is far away, and there is time.
 */
const leastPatienceMs = 500;
const patiencesPerLease = 30;

export function certifying(lock: Lock, options: CertifyingOptions): Lock {
  const { dwelling, log, warn, clock } = options;
  const { mark } = dwelling;
  let certified: number | undefined;
  let isTold = false;

  const certify = async (record: LeaderRecord): Promise<boolean> => {
    const { acquireTimeUs } = record;
    if (acquireTimeUs === undefined) return false;
    if (certified === acquireTimeUs) return true;
    try {
      await inTime(log.add(mark), clock, patienceMs(record));
      certified = acquireTimeUs;
      return true;
    } catch (thrown) {
      if (!isTold)
        warn(`cannot write ${log.name}, so after a crash the lease decides: ${said(thrown)}`);
      isTold = true;
      return false;
    }
  };

  return {
    ...lock,
    async write(record, basis, how) {
      const { holder, acquireTimeUs } = record;
      const isHeld = holder !== '' && acquireTimeUs !== undefined;
      const home =
        isHeld && (await certify(record))
          ? { home: { holder, acquireTimeUs, facts: { ...dwelling } } }
          : {};
      const result = await lock.write({ ...record, ...home }, basis, how);
      if (holder === '' && result.kind === 'written') {
        certified = undefined;
        await inTime(log.remove(mark), clock, patienceMs(record)).catch(() => undefined);
      }
      return result;
    },
  };
}

function patienceMs({ leaseDurationMs = 0 }: LeaderRecord): number {
  return Math.max(leastPatienceMs, leaseDurationMs / patiencesPerLease);
}

async function inTime(work: Promise<void>, clock: Clock, withinMs: number): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(withinMs, done.signal).then(() => {
    if (!done.signal.aborted) throw new Error('it takes too long');
  });
  try {
    await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}

function said(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
