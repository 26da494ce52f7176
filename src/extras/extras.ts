/**
 * What goes along with a run: probes and metrics, Events, a look at locks of another kind, a label on the Pod, a file
 * with the time left. Each part hears what happens. The run waits for none of them, but that file is there before CMD
 * starts, and label and file are gone before the lock is. Each part is loaded only when it is asked for.
 */
import type { RunOptions } from '../cli/run-options.ts';
import { systemClock } from '../clock.ts';
import type { Deaths } from '../election/death.ts';
import type { Lock } from '../election/lock.ts';
import type { Term } from '../election/term.ts';
import type { RunEvent, RunListener } from '../events.ts';
import type { OpenLock } from '../locks/index.ts';
import { version } from '../version.ts';
import { lookForOtherKind } from './other-kind.ts';
import type { Candidate } from './pod-labelling.ts';

interface ExtrasOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly identity: string;
  /** Tells everybody, the extras included. */
  readonly emit: RunListener;
  /** How many log lines nobody could read so far. */
  readonly droppedLines: () => number;
}

export class Extras implements AsyncDisposable {
  readonly #run: RunOptions;
  readonly #options: ExtrasOptions;
  readonly #listeners: RunListener[] = [];
  readonly #onTerm: ((term: Term) => unknown)[] = [];
  /** In the order in which they are called: what still has something to say first, the connection last. */
  readonly #ends: (() => unknown)[] = [];
  readonly #ended = new AbortController();
  #namespace: string | undefined;
  #deaths: Deaths | undefined;

  constructor(run: RunOptions, options: ExtrasOptions) {
    this.#run = run;
    this.#options = options;
  }

  /** `--takeover-on-exit`: tells that holders are dead, once the lock is followed. */
  get deaths(): Deaths | undefined {
    return this.#deaths;
  }

  hear(event: RunEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Settles when CMD may start. */
  async leads(term: Term): Promise<void> {
    for (const onTerm of this.#onTerm) await onTerm(term);
  }

  /** `--listen`: answers probes and serves metrics. @throws {ExpectedError} 69 when the address cannot be had */
  async listen(): Promise<void> {
    const { listen: address, lock, backend, timing } = this.#run;
    if (!address) return;
    const { identity, droppedLines, emit } = this.#options;
    const lockKind = backend === 'local' ? backend : this.#run.lockKind;
    const { startObservation } = await import('../observe/observation.ts');
    const { host, port, hear, leads, close } = await startObservation({
      address,
      timing,
      clock: systemClock,
      facts: { version, lock, lockKind, identity },
      namespace: () => this.#namespace,
      droppedLines,
    });
    this.#listeners.push(hear);
    this.#onTerm.push(leads);
    this.#ends.unshift(close);
    emit({ kind: 'listening', host, port });
  }

  /**
   * Records Events, and looks for a lock of another kind; the end closes the lock. The election is to use the lock that
   * it returns.
   */
  async follow(opened: OpenLock): Promise<Lock> {
    const { namespace, connection, others } = opened;
    this.#namespace = namespace;
    this.#ends.push(() => {
      this.#ended.abort();
    }, opened.close);
    const { signal } = this.#ended;
    const { leaseDurationMs } = this.#run.timing;
    const warn = this.#warn;
    this.#listeners.push(
      lookForOtherKind({ clock: systemClock, others, leaseDurationMs, signal, warn }),
    );
    const told = await this.#tellTimeLeft(await this.#certified(opened));
    if (!this.#run.events || !connection) return told;
    const { announcing } = await import('./announcing.ts');
    const how = { ...this.#options, lock: told, namespace, connection, clock: systemClock };
    const { lock, hear, end } = announcing(how);
    this.#listeners.push(hear);
    this.#ends.unshift(end);
    return lock;
  }

  /** `--takeover-on-exit`: the same lock, which says where its holder lives. */
  async #certified({ lock, connection }: OpenLock): Promise<Lock> {
    if (!this.#run.takeoverOnExit || !connection) return lock;
    const { takeover } = await import('../takeover/takeover.ts');
    const { certified, deaths } = takeover({
      connection: () => Promise.resolve(connection),
      env: this.#options.env,
      clock: systemClock,
      random: Math.random,
      warn: this.#warn,
    });
    this.#deaths = deaths;
    return certified(lock, connection.cluster);
  }

  /** `--time-left`: the same lock. @throws {ExpectedError} 69 when the file cannot be written */
  async #tellTimeLeft(lock: Lock): Promise<Lock> {
    const { timeLeft: file } = this.#run;
    if (file === undefined) return lock;
    const { TimeLeft } = await import('./time-left.ts');
    const timeLeft = new TimeLeft({ file, clock: systemClock, warn: this.#warn });
    await timeLeft.begin();
    this.#onTerm.push((term) => timeLeft.follow(term));
    this.#ends.unshift(() => timeLeft.end());
    return timeLeft.revokedBy(lock);
  }

  /** `--pod-label`: the same candidate, whose Pod has the label while it leads. @throws {UsageError} without a Pod */
  async label(candidate: Candidate, { connection }: OpenLock): Promise<Candidate> {
    const { podLabel: label } = this.#run;
    if (!label || !connection) return candidate;
    const { labellingPod } = await import('./pod-labelling.ts');
    const { env } = this.#options;
    const ended = this.#ended.signal;
    const how = { clock: systemClock, label, connection, env, ended, warn: this.#warn };
    return labellingPod(candidate, { ...this.#run, ...how });
  }

  /** Nothing is heard afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end();
  }

  readonly #warn = (message: string): void => {
    this.#options.emit({ kind: 'warning', message });
  };
}
