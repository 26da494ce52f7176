/** CMD, as one term after the other starts it. What that needs can be had before: a guard takes some milliseconds. */
import type { Child, Preparation } from './child/child.ts';
import { environmentFor, type TermEnvironment } from './child/environment.ts';
import type { Term } from './election/term.ts';

export interface StarterOptions {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether CMD shares our process group, because of a terminal. */
  readonly foreground: boolean;
  /** What CMD is told of its leadership beside the term. */
  readonly facts: () => Pick<TermEnvironment, 'lock' | 'namespace' | 'identity'>;
}

export class Starter {
  readonly #options: StarterOptions;
  #prepared: Promise<Preparation> | undefined;

  constructor(options: StarterOptions) {
    this.#options = options;
  }

  /** Who stands by has time for what is needed in a hurry later. */
  prepare(): Promise<Preparation> {
    return (this.#prepared ??= this.#prepare());
  }

  /** Undefined when the term was over before. @throws {ExpectedError} 126 or 127 when CMD cannot be started */
  async start(term: Term): Promise<Child | undefined> {
    const { command, env, foreground, facts } = this.#options;
    const { startChild } = await loadChild();
    const preparation = await this.prepare();
    this.#prepared = undefined;
    const { transitions, fencingToken } = term;
    const { cookie } = preparation;
    return startChild({
      command,
      env: environmentFor(env, { ...facts(), transitions, fencingToken, term: cookie }),
      preparation,
      foreground,
      killInMs: () => term.remainingMs(),
      isWanted: () => term.isTrusted(),
    });
  }

  /** Lets go of what was prepared and not needed. */
  async end(): Promise<void> {
    const preparation = await this.#prepared?.catch(() => undefined);
    preparation?.guard?.standDown();
  }

  async #prepare(): Promise<Preparation> {
    const { prepareChild } = await loadChild();
    return prepareChild(this.#options.env['PATH']);
  }
}

const loadChild = () => import('./child/child.ts');
