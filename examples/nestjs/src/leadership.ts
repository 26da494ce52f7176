import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { LeaderElector, leaseLock } from 'k8s-leader';

/** Stands for election as long as the application runs, and works while it leads. */
@Injectable()
export class Leadership implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #elector = new LeaderElector({ lock: leaseLock({ name: 'reports' }) });
  readonly #logger = new Logger(Leadership.name);
  #terms: Promise<void> | undefined;

  get state(): { isLeader: boolean; leader: string | null } {
    return { isLeader: this.#elector.isLeader(), leader: this.#elector.getLeader() ?? null };
  }

  /** Not awaited: a standby is a running application, too. A lock that cannot be used at all ends the process. */
  onApplicationBootstrap(): void {
    this.#terms = this.#lead();
  }

  /** Awaited by Nest: the work has ended and the lock was handed back before the application is gone. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#elector.stop();
    await this.#terms;
  }

  async #lead(): Promise<void> {
    for await (const term of this.#elector.terms()) {
      this.#logger.log(`leading, fencing token ${term.fencingToken}`);
      await work(term.signal);
      this.#logger.log('the work is gone');
    }
  }
}

async function work(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // One piece of work, then a pause that ends early when it is time to go.
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
  }
}
