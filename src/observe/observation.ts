/**
 * Probes, status and metrics over HTTP, fed by the run's events. Loaded only when `--listen` asks for it.
 */
import type { Clock } from '../election/clock.ts';
import type { Term } from '../election/term.ts';
import { stopBudgetMs, type Timing } from '../election/timing.ts';
import type { RunListener } from '../events.ts';
import { notFound, probeEndpoints, type Endpoints } from './endpoints.ts';
import { startHttpServer, type ListenAddress } from './http-server.ts';
import { createMetrics, thisProcess } from './metrics.ts';
import { afterEvent, initialState, type Facts, type Trust, type View } from './state.ts';

interface ObservationOptions {
  readonly address: ListenAddress;
  readonly facts: Facts;
  readonly namespace: () => string | undefined;
  readonly timing: Timing;
  readonly clock: Clock;
  /** How many log lines nobody could read so far. */
  readonly droppedLines: () => number;
}

interface Observation {
  readonly host: string;
  readonly port: number;
  /** To be told of everything. */
  readonly hear: RunListener;
  /** The term that has begun: its clock is asked from now on. */
  readonly leads: (term: Pick<Term, 'isTrusted' | 'remainingMs'>) => void;
  readonly close: () => void;
}

/** Listens from when it resolves. @throws {ExpectedError} 69 when it cannot */
export async function startObservation(options: ObservationOptions): Promise<Observation> {
  const { address, clock, facts, timing } = options;
  let state = initialState(clock.wall());
  let term: Pick<Term, 'isTrusted' | 'remainingMs'> | undefined;
  const trust = (): Trust | undefined => {
    if (!term) return undefined;
    const killInMs = term.remainingMs();
    return { isTrusted: term.isTrusted(), killInMs, leftMs: killInMs - stopBudgetMs(timing) };
  };
  const view = (): View => ({ facts, namespace: options.namespace(), state, trust: trust() });
  const { lock, version } = facts;
  const { renewDeadlineMs } = timing;
  const process = thisProcess(options.droppedLines);
  const metrics = createMetrics({ clock, process, lock, version, renewDeadlineMs });
  const endpoints: Endpoints = { ...probeEndpoints, '/metrics': metrics.show };
  const show = (path: string) =>
    Object.hasOwn(endpoints, path)
      ? (endpoints[path]?.(view()) ?? notFound([]))
      : notFound(Object.keys(endpoints));
  const server = await startHttpServer({ address, clock, show });
  return {
    host: server.host,
    port: server.port,
    close() {
      server.close();
    },
    leads: (begun) => (term = begun),
    hear(event) {
      state = afterEvent(state, event, { wallMs: clock.wall(), identity: facts.identity });
      metrics.hear(event, state);
    },
  };
}
