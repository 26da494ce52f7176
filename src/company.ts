/**
 * What goes along with a run: probes and metrics, Events, a look at locks of another kind, a label on the Pod. All of it
 * hears what happens; the run waits for none of it, but for the label to be gone before the lock is. Each part is loaded
 * only when it is asked for.
 */
import type { RunOptions } from './cli/run-options.ts';
import { systemClock } from './clock.ts';
import type { Lock } from './election/lock.ts';
import type { Term } from './election/term.ts';
import type { RunEvent, RunListener } from './events.ts';
import type { OpenLock } from './locks/index.ts';
import { lookForOtherKind } from './other-kind.ts';
import type { Candidate } from './run.ts';
import { version } from './version.ts';

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly identity: string;
  /** To tell everybody of something, ourselves included. */
  readonly emit: RunListener;
  /** How many log lines nobody could read so far. */
  readonly droppedLines: () => number;
}

export class Company {
  readonly #options: RunOptions;
  readonly #host: Host;
  readonly #listeners: RunListener[] = [];
  readonly #onTerm: ((term: Term) => void)[] = [];
  /** In the order of leaving. */
  readonly #farewells: (() => unknown)[] = [];
  readonly #ended = new AbortController();
  #namespace: string | undefined;

  constructor(options: RunOptions, host: Host) {
    this.#options = options;
    this.#host = host;
  }

  hear(event: RunEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  leads(term: Term): void {
    for (const onTerm of this.#onTerm) onTerm(term);
  }

  /** `--listen`. @throws {ExpectedError} 69 when the address cannot be had */
  async openDoors(): Promise<void> {
    const { listen, lock, backend } = this.#options;
    if (!listen) return;
    const { identity, droppedLines, emit } = this.#host;
    const lockKind = backend === 'local' ? backend : this.#options.lockKind;
    const { startObservation } = await import('./observe/observation.ts');
    const observation = await startObservation({
      ...this.#options,
      address: listen,
      clock: systemClock,
      facts: { version, lock, lockKind, identity },
      namespace: () => this.#namespace,
      droppedLines,
    });
    this.#listeners.push(observation.hear);
    this.#onTerm.push((term) => {
      observation.leads(term);
    });
    this.#farewells.push(() => {
      observation.close();
    });
    emit({ type: 'listening', host: observation.host, port: observation.port });
  }

  /** Events about the lock, and a look at locks of another kind. To be elected on is the lock that it returns. */
  async follow(opened: OpenLock): Promise<Lock> {
    const { namespace, connection, others } = opened;
    this.#namespace = namespace;
    this.#listeners.push(
      lookForOtherKind({
        clock: systemClock,
        others,
        leaseDurationMs: this.#options.timing.leaseDurationMs,
        signal: this.#ended.signal,
        warn: this.#warn,
      }),
    );
    if (!this.#options.events || !connection) return opened.lock;
    const { announcing } = await import('./kube/announcing.ts');
    const announcer = announcing({ ...opened, ...this.#host, connection, clock: systemClock });
    this.#listeners.push((event) => {
      if (isElectionNews(event)) announcer.hear(event);
    });
    this.#farewells.unshift(() => announcer.end());
    return announcer.lock;
  }

  /** `--pod-label`: the same candidate, whose Pod has the label while it leads. @throws {UsageError} without a Pod */
  async label(candidate: Candidate, { connection }: OpenLock): Promise<Candidate> {
    const { podLabel: label } = this.#options;
    if (!label || !connection) return candidate;
    const { labellingPod } = await import('./kube/pod-labelling.ts');
    const { env } = this.#host;
    const ended = this.#ended.signal;
    const how = { clock: systemClock, label, connection, env, ended, warn: this.#warn };
    return labellingPod(candidate, { ...this.#options, ...how });
  }

  /** Nothing is heard afterwards. */
  async part(): Promise<void> {
    for (const farewell of this.#farewells) await farewell();
    this.#ended.abort();
  }

  readonly #warn = (message: string): void => {
    this.#host.emit({ type: 'warning', message });
  };
}

/** What is worth an Event. */
function isElectionNews(event: RunEvent) {
  return event.type === 'elected' || event.type === 'lost' || event.type === 'release';
}
