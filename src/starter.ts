/** CMD, as one term after the other starts it. What that needs can be had before: keepers take some milliseconds. */
import { randomUUID } from 'node:crypto';
import type { Child, CommandOptions, Preparation } from './child/child.ts';
import { termVariables, type TermFacts } from './child/environment.ts';
import type { Lock } from './election/lock.ts';
import type { Term } from './election/term.ts';

export interface StarterOptions extends CommandOptions {
  /** What CMD is told of its leadership beside the term. */
  readonly facts: () => Pick<TermFacts, 'lock' | 'namespace' | 'identity'>;
}

/** By then a request is on its way. */
const sentAfterMs = 1;

export class Starter {
  readonly #options: StarterOptions;
  #prepared: Promise<Preparation> | undefined;
  /** CMD has been started, or never will be: nothing is prepared ahead any more. */
  #isDecided = false;

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  /** Who stands by has time for what is needed in a hurry later. */
  prepare(): Promise<Preparation> {
    return (this.#prepared ??= this.#prepare());
  }

  /** The same lock. While its first claim is answered there is time for what is needed when that is won. */
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

  /** Lets go of what was prepared and not needed. */
  async end(): Promise<void> {
    this.#isDecided = true;
    const preparation = await this.#prepared?.catch(() => undefined);
    preparation?.keepers?.dismiss();
  }

  /** A failure shows up when it is needed. */
  #prepareSoon(): void {
    const sent = this.#options.clock.sleep(sentAfterMs);
    // An answer may be quicker, and CMD started with what was had then.
    void sent.then(() => (this.#isDecided ? undefined : this.prepare())).catch(() => undefined);
  }

  async #prepare(): Promise<Preparation> {
    const { prepareChild } = await loadChild();
    return prepareChild(this.#options);
  }
}

const loadChild = () => import('./child/child.ts');
