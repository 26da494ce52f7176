/** The elector of the library, and of the command: the algorithm in `election/` with defaults, and in the usual idioms. */
import type { CampaignOptions, CampaignOutcome } from '../election/options.ts';
import { Elector } from '../election/elector.ts';
import type { ElectionEvent } from '../election/events.ts';
import type { Term } from '../election/term.ts';
import { undisturbed } from '../election/events.ts';
import { joined, type Joined } from './joined.ts';
import { resolve, type LeaderElectorOptions, type ResolvedOptions } from './options.ts';
import { lead, type RunCallbacks, type RunEnd } from './run.ts';
import { nextTerm, termIn, termsOf, type Candidacy } from './terms.ts';
import { UncontestedTerm } from './uncontested-term.ts';

/** Of the retry period: longer than a standby that polls goes without a look. */
const standAsideFactor = 1.25;

/**
 * Stands for election on one lock, again and again, with one term at a time. Create as many as there are locks; those
 * on one cluster share its connection.
 *
 * It installs no handlers, writes nothing, and never ends the process. An elector that neither stands nor leads holds
 * nothing that keeps the process alive.
 */
export class LeaderElector {
  /** Who we are, as others see it in the record. */
  readonly identity: string;

  readonly #options: ResolvedOptions;
  readonly #elector: Elector;
  readonly #stopping = new AbortController();
  readonly #onNewLeader = new Set<(identity: string) => void>();
  /** Pending while a campaign or a term goes on. */
  #occupied: PromiseWithResolvers<void> | undefined;
  #ending: Joined | undefined;
  #term: Term | undefined;
  #leader = '';

  /**
   * @throws {RangeError} when the timings cannot keep the promise, or the identity cannot be shown
   * @throws {Error} when this Node is too old
   */
  constructor(options: LeaderElectorOptions) {
    const resolved = resolve(options);
    const tell = undisturbed(resolved.emit);
    const emit = (event: ElectionEvent) => {
      tell(event);
      this.#heed(event);
    };
    this.identity = resolved.identity;
    this.#options = { ...resolved, emit };
    this.#elector = new Elector({
      ...this.#options,
      onSight: ({ holder }) => {
        // A foreign hand on our record is not a leader before an answer says so: then the term is lost.
        if (!this.isLeader()) this.#see(holder);
      },
    });
  }

  /**
   * Whether we lead right now. Asks the clock: true only while the trust in our last acknowledged renewal lasts,
   * whatever has or has not been noticed since. For something that takes time, hold on to the {@link Term} instead.
   */
  isLeader(): boolean {
    return this.#term?.isTrusted() ?? false;
  }

  /** The identity of the leader, as last observed: ours while we lead. Undefined when there is none, or none is known. */
  getLeader(): string | undefined {
    return this.#leader === '' ? undefined : this.#leader;
  }

  /**
   * The terms that we win, one after the other:
   *
   *     for await (const term of elector.terms(signal)) await work(term.signal);
   *
   * - The body ends: the term is released, and the next campaign begins a little more than a retry period later.
   * - The body breaks or throws: the term is released, and the loop is over.
   * - The term is lost: `term.lost` and `term.signal` abort. The next campaign begins when the body has ended.
   * - `signal` aborts, or {@link stop} is called: `term.signal` aborts. The lock is kept, and renewed, until the body
   *   has ended; then the loop is over.
   *
   * The body must have ended by `term.deadline()` after a loss. A library cannot enforce that; the command does.
   * @throws {LockFault} when the lock cannot be used at all; mere faults are waited out, and told as events
   * @throws {Error} when this elector stands or leads already
   */
  terms(signal?: AbortSignal): AsyncGenerator<Term, void, undefined> {
    return termsOf(this.#candidacy(signal));
  }

  /**
   * One term with callbacks; see {@link RunCallbacks} for what each of them means. Resolves when the work has ended and
   * the lock was handed back, with the reason, or with `aborted` when there was no term before the signal.
   * @throws {LockFault} when the lock cannot be used at all; mere faults are waited out, and told as events
   * @throws {Error} when this elector stands or leads already, and whatever `onStartedLeading` or `onStoppedLeading` threw
   */
  async run(callbacks: RunCallbacks): Promise<RunEnd> {
    const onNewLeader = undisturbed(callbacks.onNewLeader ?? (() => undefined));
    this.#onNewLeader.add(onNewLeader);
    try {
      if (this.#leader !== '') onNewLeader(this.#leader);
      const term = await nextTerm(this.#candidacy(callbacks.signal));
      return term ? await lead(term, callbacks) : { kind: 'aborted' };
    } finally {
      this.#onNewLeader.delete(onNewLeader);
    }
  }

  /**
   * One campaign, for those who need patience with an end, or a term without a loop or callbacks. Whoever is elected
   * must call `term.release()` when the work is gone, whatever has happened to the term.
   * @throws {Error} when this elector stands already, or its last term has not been released
   */
  async campaign(options: Partial<CampaignOptions> = {}): Promise<CampaignOutcome> {
    if (this.#occupied) throw new Error('this elector is already standing or leading');
    this.#occupied = Promise.withResolvers();
    this.#ending = joined([options.signal, this.#stopping.signal]);
    const { signal } = this.#ending;
    try {
      const outcome = await this.#campaign({ ...options, signal });
      if (outcome.kind !== 'elected') {
        this.#vacate();
        return outcome;
      }
      this.#term = outcome.term;
      this.#see(this.identity);
      return outcome;
    } catch (thrown) {
      this.#vacate();
      throw thrown;
    }
  }

  /**
   * Ends the campaign, or asks the leader's work to end, and all campaigns to come. Resolves when nothing of ours goes
   * on and the lock was handed back; so the work itself must not wait for it. Again does no harm.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    while (this.#occupied) await this.#occupied.promise;
  }

  async #campaign(options: CampaignOptions): Promise<CampaignOutcome> {
    if (this.#options.enabled) return this.#elector.campaign(options);
    if (options.signal.aborted) return { kind: 'aborted' };
    const { emit } = this.#options;
    return { kind: 'elected', term: new UncontestedTerm({ emit, shutdown: options.signal }) };
  }

  #candidacy(signal: AbortSignal | undefined): Candidacy {
    const { clock, timing } = this.#options;
    return {
      campaign: async () => termIn(await this.campaign(signal ? { signal } : {})),
      standAside: async () => {
        const ending = joined([signal, this.#stopping.signal]);
        await clock.sleep(standAsideFactor * timing.retryPeriodMs, ending.signal);
        ending.part();
      },
    };
  }

  #heed(event: ElectionEvent): void {
    // Another holder is seen on its own; of a lock that is out of reach nothing is known.
    if (event.kind === 'lost' && event.loss.kind !== 'usurped') this.#see('');
    if (event.kind !== 'release') return;
    if (event.outcome.kind !== 'not-ours') this.#see('');
    this.#vacate();
  }

  #vacate(): void {
    this.#ending?.part();
    this.#occupied?.resolve();
    this.#occupied = undefined;
  }

  #see(holder: string): void {
    if (holder === this.#leader) return;
    this.#leader = holder;
    if (holder !== '') for (const listener of this.#onNewLeader) listener(holder);
  }
}
