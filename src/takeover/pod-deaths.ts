/**
 * Learns of a holder's death from the status of its Pod, by a watch on that one Pod. A watch that ends or breaks is opened
 * again after a pause; what is refused is told once. Nothing waits for it: without news the lease decides.
 */
import type { Clock } from '../election/clock.ts';
import type { Death, Deaths } from '../election/death.ts';
import { asFault, LockFault, type Home } from '../election/lock.ts';
import { backoffMs } from '../election/request.ts';
import { defaultTiming } from '../election/timing.ts';
import { answerFault } from '../kube/answer.ts';
import type { Connection } from '../kube/connection.ts';
import { isObject, parseJson } from '../kube/json.ts';
import { watchQuery } from '../locks/object-watch.ts';
import { dwellingIn, endCertifiedBy, isHome, type Dwelling, type Ended } from './certificate.ts';

export interface PodDeathsOptions {
  readonly connection: (signal: AbortSignal) => Promise<Connection>;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly onFault: (fault: LockFault) => void;
}

/** Somebody may have changed a Role. */
const refusedPauseMs = 60_000;

export function podDeaths(options: PodDeathsOptions): Deaths {
  const { clock, random, onFault } = options;
  let isRefusalTold = false;
  const refused = (fault: LockFault) => {
    if (!isRefusalTold) onFault(fault);
    isRefusalTold = true;
  };
  return {
    async untilCertified(home: Home, signal: AbortSignal): Promise<Death | undefined> {
      const dwelling = dwellingIn(home.facts);
      if (!dwelling) return undefined;
      const isOver = () => signal.aborted;
      for (let failures = 0; !isOver(); failures += 1) {
        let pauseMs = 0;
        try {
          const verdict = await look(options, dwelling, signal);
          if (verdict === 'never') return undefined;
          if (verdict !== 'unknown') return { home, ...verdict };
          failures = 0;
        } catch (thrown) {
          const fault = asFault(thrown);
          if (fault.kind !== 'unreachable' && !isOver()) {
            refused(fault);
            pauseMs = refusedPauseMs;
          }
        }
        const usualMs = backoffMs(failures, { timing: defaultTiming, spread: random() });
        await clock.sleep(Math.max(pauseMs, usualMs), signal);
      }
      return undefined;
    },
  };
}

/** One watch, from its beginning to its end. @throws {LockFault} */
async function look(
  { connection }: PodDeathsOptions,
  dwelling: Dwelling,
  signal: AbortSignal,
): Promise<Ended | 'never' | 'unknown'> {
  const { namespace, pod: name } = dwelling;
  const api = await connection(signal);
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?${watchQuery(name)}`;
  const answer = await api.stream({ method: 'GET', path, signal });
  const action = { verb: 'watch', apiGroup: '', resource: 'pods', namespace } as const;
  if (!('lines' in answer)) throw answerFault(answer, action, api.cluster);
  for await (const line of answer.lines) {
    const event = parseJson(line);
    const { type, object } = isObject(event) ? event : {};
    // An ERROR ends the watch; a new one begins with how the Pod is now.
    if (type === 'ERROR') break;
    const ended = endCertifiedBy(object, dwelling);
    if (ended) return ended;
    // The kubelet has nowhere left to say it.
    if (type === 'DELETED' && isHome(object, dwelling)) return 'never';
  }
  return 'unknown';
}
