/**
 * What a program does with a term of the library: it goes on until it is done, or told to end, and ends after a loss before
 * the deadline of the term. No keeper watches over it; before each deed it asks how much of the term is left, which it must
 * not do anything without.
 */
import type { Term } from '../../src/election/term.ts';
import type { Machine, ProcessClock } from './machine.ts';
import type { CommandPlan } from './schedule.ts';
import type { Work } from './work.ts';

export interface BodyOptions {
  readonly plan: CommandPlan;
  readonly term: Term;
  readonly machine: Machine;
  readonly clock: ProcessClock;
  /** Whether it still ends by itself. */
  readonly isMortal: () => boolean;
}

export class Body implements Work {
  /** With whether it was told to. */
  readonly ended: Promise<'done' | 'told'>;
  readonly #options: BodyOptions;
  #end: (how: 'done' | 'told') => void = () => undefined;
  #isAlive = true;

  constructor(options: BodyOptions) {
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#end = (how) => {
        this.#isAlive = false;
        resolve(how);
      };
    });
    const { signal, lost } = options.term;
    void this.#live();
    whenAborted(signal, () => void this.#drain());
    whenAborted(lost, () => void this.#hurry());
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isRunning(): boolean {
    const { clock, term } = this.#options;
    return this.#isAlive && !clock.isFrozen && term.remainingMs() > 0;
  }

  orphan(): Promise<void> {
    this.vanish();
    return Promise.resolve();
  }

  vanish(): void {
    this.#end('told');
  }

  async #live(): Promise<void> {
    const { clock, plan, isMortal } = this.#options;
    await clock.sleep(plan.lastsMs);
    if (isMortal()) this.#end('done');
  }

  async #drain(): Promise<void> {
    const { clock, plan } = this.#options;
    if (plan.onSignal === 'ignores') return;
    if (plan.onSignal === 'drains') await clock.sleep(plan.drainsMs);
    this.#end('told');
  }

  /** Whatever it does with signals: what is lost may soon be somebody else's, or is already. */
  async #hurry(): Promise<void> {
    const { clock, term } = this.#options;
    while (term.loss?.kind !== 'usurped' && term.remainingMs() > 0)
      await clock.sleep(term.remainingMs());
    this.#end('told');
  }
}

function whenAborted(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true });
}
