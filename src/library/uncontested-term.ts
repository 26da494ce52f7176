import type { ElectionListener, ReleaseOutcome } from '../election/events.ts';
import { TermReleased } from '../election/events.ts';
import type { Term } from '../election/term.ts';

interface UncontestedOptions {
  readonly emit: ElectionListener;
  /** Asks the work to end. */
  readonly shutdown: AbortSignal;
}

/**
 * The term of an elector that is switched off: nobody contests it, so nothing but its own end ends it. Its token is 0,
 * less than that of any real term: what has ever seen one of those refuses it, which is the safe mistake.
 */
export class UncontestedTerm implements Term {
  readonly fencingToken = '0';
  readonly transitions = 0;
  readonly lost = new AbortController().signal;
  readonly loss = undefined;
  readonly signal: AbortSignal;
  readonly stepDown = new AbortController().signal;

  readonly #options: UncontestedOptions;
  readonly #work = new AbortController();
  #released: Promise<ReleaseOutcome> | undefined;

  constructor(options: UncontestedOptions) {
    this.#options = options;
    this.signal = this.#work.signal;
    options.shutdown.addEventListener('abort', this.#onShutdown);
    const { fencingToken, transitions } = this;
    options.emit({ kind: 'elected', fencingToken, transitions });
  }

  isOngoing(): boolean {
    return this.#released === undefined;
  }

  isTrusted(): boolean {
    return this.isOngoing();
  }

  remainingMs(): number {
    return Infinity;
  }

  deadline(): number {
    return Infinity;
  }

  subscribe(): () => void {
    return () => undefined;
  }

  release(): Promise<ReleaseOutcome> {
    return (this.#released ??= this.#release());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #release(): Promise<ReleaseOutcome> {
    const outcome: ReleaseOutcome = { kind: 'released' };
    this.#options.shutdown.removeEventListener('abort', this.#onShutdown);
    this.#work.abort(new TermReleased());
    this.#options.emit({ kind: 'release', outcome });
    return Promise.resolve(outcome);
  }

  readonly #onShutdown = (): void => {
    this.#work.abort(this.#options.shutdown.reason);
  };
}
