/**
 * `--pod-label`: a candidate whose Pod has a label while it leads, so that a Service finds the leader. Loaded only when
 * that is asked for.
 *
 *     start ─ remove ─▶ campaign ─ elected ─▶ set ┄┄ the work ┄┄ asked to end, or lost ─▶ remove ─▶ release
 *               ≤ 1 s                         not waited for            at once              ≤ 2 s
 *
 * What holds, and what cannot:
 * - The label is set only while the term is trusted, and the lock is released after it is gone. As long as the API server
 *   answers in time, no two Pods have it at once, and no Pod has it outside of a term.
 * - A leader that is killed, or cut off from the server, cannot remove it. Its command is dead before anybody else leads
 *   (the keepers see to that), so the label then stands on a Pod where nothing runs: until a new process there removes it,
 *   which is the first thing that it does, or the connection is back. A readiness probe keeps traffic away meanwhile.
 * - A process that is frozen between that check and its patch, or a patch that is under way for longer than the term, sets it
 *   too late. The loss removes it again, and its removal is the last word (`pod-label.ts`).
 * - Nothing waits for the label but the release, for at most `releaseBoundMs`: one attempt on a dead connection
 *   (1 s), and another on a new one. That is beside CMD: it is gone by then, and no KILL is later for it. After TERM the
 *   removal goes on while CMD stops, and is over before CMD is. After a loss there is nothing to keep in order any more:
 *   removal and release run side by side.
 * - A label that cannot be set or removed is a warning, and leading goes on: it routes, the lock excludes.
 */
import type { Clock } from '../election/clock.ts';
import type { Elector } from '../election/elector.ts';
import type { Term } from '../election/term.ts';
import type { Timing } from '../election/timing.ts';
import type { Env } from '../kube/cluster.ts';
import type { Connection } from '../kube/connection.ts';
import { faultLine } from '../observe/describe.ts';
import { randomUUID } from '../platform/random.ts';
import { PodLabel } from './pod-label.ts';
import { labelledPod, ownPod, type Label } from './pod.ts';

/** What a Pod's label follows. */
export type Candidate = Pick<Elector, 'campaign'>;

interface PodLabelling {
  readonly label: Label;
  readonly connection: Connection;
  readonly env: Env;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly requestTimeoutMs: number;
  /** Aborts when everything is over. */
  readonly ended: AbortSignal;
  readonly warn: (message: string) => void;
}

/** What an earlier process has left is removed within this, or beside the campaign. */
const startBoundMs = 1_000;
const releaseBoundMs = 2_000;

/** @throws {UsageError} when nothing says which Pod this is */
export function labellingPod(candidate: Candidate, options: PodLabelling): Candidate {
  const { label, connection, clock, warn } = options;
  const address = ownPod(options.env, connection.cluster.namespace);
  const podLabel = new PodLabel({
    ...options,
    pod: labelledPod(connection, address, label),
    random: Math.random,
    mark: randomUUID,
    onFault: (fault, wish) => {
      warn(`cannot ${wish} the label ${label.key} of the Pod: ${faultLine(fault)}`);
    },
  });
  options.ended.addEventListener('abort', () => {
    podLabel.close();
  });
  const removedWithin = async (boundMs: number, signal?: AbortSignal) => {
    const over = new AbortController();
    const signals = signal ? [over.signal, signal] : [over.signal];
    await Promise.race([podLabel.remove(), clock.sleep(boundMs, AbortSignal.any(signals))]);
    over.abort();
  };
  const release = async (term: Term, how: Parameters<Term['release']>) => {
    const removed = removedWithin(releaseBoundMs);
    if (!term.loss) await removed;
    const outcome = await term.release(...how);
    await removed;
    return outcome;
  };
  let isFirst = true;
  return {
    async campaign(how) {
      if (isFirst) await removedWithin(startBoundMs, how.signal);
      isFirst = false;
      const outcome = await candidate.campaign(how);
      if (outcome.kind !== 'elected') return outcome;
      const { term } = outcome;
      podLabel.set(() => term.isTrusted());
      const remove = () => void podLabel.remove();
      term.signal.addEventListener('abort', remove);
      if (term.signal.aborted) remove();
      return { kind: 'elected', term: releasedBy(term, (...how) => release(term, how)) };
    },
  };
}

/** The term itself, whatever it is asked, but for its release. */
function releasedBy(term: Term, release: Term['release']): Term {
  return new Proxy(term, {
    get(_, name) {
      if (name === 'release') return release;
      const value: unknown = Reflect.get(term, name);
      return typeof value === 'function' ? (value.bind(term) as unknown) : value;
    },
  });
}
