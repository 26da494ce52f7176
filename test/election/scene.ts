/**
 * A stage for electors: one clock, one server, and for every replica a wire that the test can tamper with.
 * Nothing moves unless the test moves the clock.
 */
import type { CampaignOutcome, ElectorOptions } from '../../src/election/options.ts';
import { Elector } from '../../src/election/elector.ts';
import type { Patience } from '../../src/election/candidate.ts';
import type { ElectionEvent, ReleaseOutcome } from '../../src/election/events.ts';
import type { LeaderRecord, Lock } from '../../src/election/lock.ts';
import type { Term } from '../../src/election/term.ts';
import { defaultTiming } from '../../src/election/timing.ts';
import { atRest, FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryLockServer } from '../../src/testing/memory-lock.ts';
import { seededRandom } from '../support/random.ts';
import { Wire, type TimedCall } from './wire.ts';

export const requestTimeoutMs = 5_000;

/** A record as another elector would have written it. */
export function recordOf(holder: string, changes: Partial<LeaderRecord> = {}): LeaderRecord {
  return {
    holder,
    leaseDurationMs: 15_000,
    acquireTimeUs: 1_700_000_000_000_000,
    renewTimeUs: 1_700_000_000_000_000,
    transitions: 3,
    ...changes,
  };
}

export const released: LeaderRecord = recordOf('', { leaseDurationMs: 1_000 });

export class Scene {
  readonly clock = new FakeClock();
  readonly server = new MemoryLockServer();
  readonly replicas: Replica[] = [];

  /** With `watch`, its lock can be watched. */
  replica(identity: string, options: Partial<ElectorOptions> = {}, watch?: Lock['watch']): Replica {
    const random = seededRandom(this.replicas.length + 1);
    const replica = new Replica(this, identity, { random, ...options }, watch);
    this.replicas.push(replica);
    return replica;
  }

  /** Replicas whose command may be running right now. */
  get leading(): string[] {
    return this.replicas.filter((replica) => replica.mayRun).map(({ identity }) => identity);
  }

  /** Moves time in steps of 50 ms and returns the most replicas that were ever leading at once. */
  async mostLeadingDuring(ms: number): Promise<number> {
    await atRest();
    let most = this.leading.length;
    for (let passedMs = 0; passedMs < ms; passedMs += 50) {
      await this.clock.advance(50);
      most = Math.max(most, this.leading.length);
    }
    return most;
  }
}

function isOfInterest({ kind }: ElectionEvent): boolean {
  return kind !== 'renewal' && kind !== 'watch-ended';
}

/** One process: an elector, its wire, and what it has told. */
export class Replica {
  readonly identity: string;
  readonly wire: Wire;
  /** What it has told people, and what only counts. */
  readonly events: ElectionEvent[] = [];
  readonly routine: ElectionEvent[] = [];
  readonly elector: Elector;
  term: Term | undefined;
  #isReleased = false;

  constructor(
    scene: Scene,
    identity: string,
    options: Partial<ElectorOptions>,
    watch: Lock['watch'],
  ) {
    this.identity = identity;
    this.wire = new Wire(scene.clock);
    this.elector = new Elector({
      lock: { ...scene.server.handle(this.wire), ...(watch ? { watch } : {}) },
      clock: scene.clock,
      timing: defaultTiming,
      identity,
      requestTimeoutMs,
      emit: (event) => {
        if (isOfInterest(event)) this.events.push(event);
        else this.routine.push(event);
      },
      ...options,
    });
  }

  campaign(patience: Patience = { kind: 'forever' }): Campaign {
    return new Campaign(this, patience);
  }

  /** Wins at once, or the test is wrong. */
  async lead(): Promise<Term> {
    const campaign = this.campaign();
    await atRest();
    if (campaign.outcome?.kind !== 'elected') throw new Error(`${this.identity} was not elected`);
    return campaign.outcome.term;
  }

  took(term: Term): void {
    this.term = term;
    this.#isReleased = false;
  }

  /** Its command is gone, and now the lock is handed back. */
  release(): Promise<ReleaseOutcome> {
    if (!this.term) throw new Error(`${this.identity} never led`);
    this.#isReleased = true;
    return this.term.release();
  }

  /** Whether a command under the latest term may still be alive: until it is gone, usurped or killed. */
  get mayRun(): boolean {
    if (!this.term || this.#isReleased || this.term.loss?.kind === 'usurped') return false;
    return this.term.remainingMs() > 0;
  }

  /** Kinds of what was told, in order. */
  get told(): string[] {
    return this.events.map(({ kind }) => kind);
  }

  get writes(): TimedCall[] {
    return this.wire.calls.filter(({ verb }) => verb === 'write');
  }

  get reads(): TimedCall[] {
    return this.wire.calls.filter(({ verb }) => verb === 'read');
  }
}

export class Campaign {
  /** Undefined while the campaign goes on. */
  outcome: CampaignOutcome | undefined;
  readonly ended: Promise<CampaignOutcome>;
  readonly #abort = new AbortController();

  constructor(replica: Replica, patience: Patience) {
    this.ended = replica.elector
      .campaign({ signal: this.#abort.signal, patience })
      .then((outcome) => {
        this.outcome = outcome;
        if (outcome.kind === 'elected') replica.took(outcome.term);
        return outcome;
      });
  }

  abort(): void {
    this.#abort.abort();
  }
}
