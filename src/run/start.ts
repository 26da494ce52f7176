/** Starts CMD, once a term. What a start needs is prepared before, because keepers take some milliseconds. */
import type { Child, CommandOptions, Preparation } from '../child/types.ts';
import { termVariables, type TermFacts } from '../child/environment.ts';
import type { Lock } from '../election/lock.ts';
import type { Term } from '../election/term.ts';
import { randomUUID } from '../platform/random.ts';

interface StarterOptions extends CommandOptions {
  /** What CMD learns about its leadership beside the term. */
  readonly facts: () => Pick<TermFacts, 'lock' | 'namespace' | 'identity' | 'timeLeft'>;
}

/** Start the keepers 1 ms later, so that they do not delay the claim. */
const sentAfterMs = 1;

export class Starter implements AsyncDisposable {
  readonly #options: StarterOptions;
  #prepared: Promise<Preparation> | undefined;
  /** CMD has been started, or never will be: nothing is prepared ahead any more. */
  #isDecided = false;

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  /** A standby has time to prepare what a start needs in a hurry. */
  prepare(): Promise<Preparation> {
    return (this.#prepared ??= this.#prepare());
  }

  /** The same lock. While the server answers its first claim there is time to prepare the start. */
  preparedBy(lock: Lock): Lock {
    return {
      ...lock,
      write: (...claim) => {
        const written = lock.write(...claim);
        if (!this.#isDecided) this.#prepareSoon();
        return written;
      },
    };
  }

  /** Undefined when the term was over before. @throws {ExpectedError} 126 or 127 when CMD cannot be started */
  async start(term: Term): Promise<Child | undefined> {
    this.#isDecided = true;
    const { startChild } = await loadChild();
    const preparation = await this.prepare();
    this.#prepared = undefined;
    const { transitions, fencingToken } = term;
    const facts = { ...this.#options.facts(), transitions, fencingToken, term: randomUUID() };
    return startChild({
      ...this.#options,
      variables: termVariables(facts),
      preparation,
      killInMs: () => term.remainingMs(),
      isWanted: () => term.isTrusted(),
    });
  }

  /** Dismisses keepers that were not needed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDecided = true;
    const preparation = await this.#prepared?.catch(() => undefined);
    preparation?.keepers?.dismiss();
  }

  /** A failure shows when CMD is started. */
  #prepareSoon(): void {
    const sent = this.#options.clock.sleep(sentAfterMs);
    // The answer may come first; then the start has prepared it.
    void sent.then(() => (this.#isDecided ? undefined : this.prepare())).catch(() => undefined);
  }

  async #prepare(): Promise<Preparation> {
    const { prepareChild } = await loadChild();
    return prepareChild(this.#options);
  }
}

const loadChild = () => import('../child/child.ts');
