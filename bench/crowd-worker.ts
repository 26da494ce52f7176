/**
 * Some of a crowd's electors, each with a connection of its own as in a pod of its own. The parent says who starts,
 * who releases and who stands again; it is told what happens. Ends with the parent.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../src/clock.ts';
import { Elector } from '../src/election/elector.ts';
import type { ElectionEvent } from '../src/election/events.ts';
import { defaultTiming } from '../src/election/timing.ts';
import type { Term } from '../src/election/term.ts';
import { loadCluster } from '../src/kube/config.ts';
import { connect } from '../src/kube/connection.ts';
import { leaseLock } from '../src/locks/lease.ts';
import { monotonicMs } from '../test/faults/monotonic.ts';

export type Order =
  | {
      readonly do: 'start';
      /** Every `step`th elector from the first on is of this process. */
      readonly first: number;
      readonly step: number;
      readonly count: number;
      readonly spacingMs: number;
      readonly kubeconfig: string;
      readonly namespace: string;
      readonly lock: string;
    }
  /** To whoever leads. */
  | { readonly do: 'release'; readonly elector: number }
  | { readonly do: 'stand'; readonly elector: number };

export type Report =
  /** It knows that somebody else leads. */
  | { readonly told: 'standing-by'; readonly elector: number }
  | { readonly told: 'elected'; readonly elector: number; readonly atMs: number }
  /** The release was acknowledged. */
  | { readonly told: 'released'; readonly elector: number; readonly atMs: number }
  /** Nothing that should happen here. */
  | { readonly told: 'trouble'; readonly elector: number; readonly what: string };

const electors = new Map<number, { readonly stand: () => void; term?: Term }>();
const forever = new AbortController().signal;

process.on('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  if (order.do === 'start') void start(order);
  else if (order.do === 'stand') electors.get(order.elector)?.stand();
  else void electors.get(order.elector)?.term?.release();
});

function report(what: Report): void {
  // Without a callback it would throw when the parent has gone.
  process.send?.(what, undefined, undefined, () => undefined);
}

async function start(order: Extract<Order, { do: 'start' }>): Promise<void> {
  const { first, step, count, spacingMs, kubeconfig, namespace, lock: name } = order;
  const requestTimeoutMs = 5_000;
  for (let index = 0; index < count; index++) {
    const elector = first + index * step;
    const cluster = await loadCluster({ kubeconfig, env: {}, signal: forever });
    const connection = connect(cluster, { requestTimeoutMs, userAgent: 'k8s-leader/bench' });
    const election = new Elector({
      lock: leaseLock({ connection, namespace, name }),
      clock: systemClock,
      timing: defaultTiming,
      identity: `elector-${elector}`,
      requestTimeoutMs,
      emit: (event) => {
        tell(elector, event);
      },
    });
    const stand = () => {
      void election.campaign({ signal: forever }).then((outcome) => {
        if (outcome.kind === 'elected') electors.set(elector, { stand, term: outcome.term });
      });
    };
    electors.set(elector, { stand });
    stand();
    await delay(spacingMs);
  }
}

function tell(elector: number, event: ElectionEvent): void {
  const atMs = monotonicMs();
  if (event.kind === 'elected') report({ told: 'elected', elector, atMs });
  else if (event.kind === 'standing-by') report({ told: 'standing-by', elector });
  else if (event.kind === 'release' && event.outcome.kind === 'released')
    report({ told: 'released', elector, atMs });
  else if (event.kind === 'release' || event.kind === 'lost' || event.kind === 'restored')
    report({ told: 'trouble', elector, what: JSON.stringify(event) });
}
