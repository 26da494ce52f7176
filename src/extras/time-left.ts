/**
 * `--time-left FILE`: how long leadership is certain still, for CMD to ask before each side effect. No network, no
 * other program: whoever wants to know reads two small files.
 *
 *     FILE: "UNTIL TOKEN"     left = UNTIL − what /proc/uptime says now, both in milliseconds
 *
 * UNTIL is a moment, not a duration, so the answer shrinks by itself while we are stopped, blocked or dead. The sum:
 *
 *     s          sent the last acknowledged write              certain until D = s + lease − margin (election/timing.ts)
 *     UNTIL    = uptime, read first, + the time until D, asked for next − 10
 *
 * - Others claim at s + lease at the earliest, by clocks whose rates may differ; the margin, at least 300 ms, pays for that.
 *   At D the keepers have killed everything (child/keepers.ts has the same deadline).
 * - If we stand still between the two readings, the second one is smaller by that: UNTIL is never too late.
 * - /proc/uptime counts suspensions, and rounds down to hundredths. Ours may be 10 ms too small, which makes UNTIL smaller.
 *   The reader's may be, too, which makes the answer 10 ms larger: hence the 10.
 *
 * TOKEN is LEADER_FENCING_TOKEN. A reader that compares it with its own is safe from the file of another term, another
 * machine, or one before the last boot. UNTIL is 0 while nobody may rely on the lock: before a term, while a machine that
 * slept renews, when somebody else leads, and before the lock is handed back. A loss by our own clock changes nothing: until D
 * nobody else can lead, and CMD may need that time to stop.
 *
 * The file is replaced by a rename, so nobody reads half a line. A file system that hangs delays nothing but the file, which
 * then only says too little, and the start of CMD; a release waits for {@link releaseBoundMs}.
 */
import type { Clock } from '../election/clock.ts';
import type { Loss } from '../election/events.ts';
import type { Lock } from '../election/lock.ts';
import type { Term } from '../election/term.ts';
import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import { remove, rename, writeText } from '../platform/files.ts';
import { ownPid } from '../platform/self.ts';

export interface TimeLeftOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

const readingMs = 10;
const releaseBoundMs = 1_000;

export class TimeLeft {
  readonly #options: TimeLeftOptions;
  readonly #draft: string;
  #line = '';
  #written = '';
  #writing: Promise<void> | undefined;
  #fault: string | undefined;
  #token = '0';

  constructor(options: TimeLeftOptions) {
    this.#options = options;
    this.#draft = `${options.file}.${String(ownPid())}.new`;
  }

  /** Before any term. @throws {ExpectedError} 69 when there can be no such file */
  async begin(): Promise<void> {
    await this.revoke();
    if (this.#fault === undefined) return;
    throw new ExpectedError(exitCode.unavailable, `--time-left: ${this.#fault}`, {
      hint: 'name a file in a folder that exists and that we may write to',
    });
  }

  /** Nothing is certain. Settles when the file says so. */
  revoke(): Promise<void> {
    return this.#write(0);
  }

  /** Settles when the file tells of the term; goes on telling until it ends. */
  follow(term: Term): Promise<void> {
    this.#token = term.fencingToken;
    term.subscribe((change) => {
      void (change === 'suspended' ? this.revoke() : this.#tell(term));
    });
    term.lost.addEventListener('abort', () => {
      if ((term.lost.reason as Loss).kind !== 'expired') void this.revoke();
    });
    return this.#tell(term);
  }

  /** The same lock. Before it is handed back, the file says that nothing is certain any more. */
  revokedBy(lock: Lock): Lock {
    return {
      ...lock,
      write: async (record, ...how) => {
        if (record.holder === '') await this.#waitFor(this.revoke());
        return lock.write(record, ...how);
      },
    };
  }

  /** Leaves no file behind. */
  async end(): Promise<void> {
    const { file } = this.#options;
    const removed = this.revoke().then(() => remove(file));
    await this.#waitFor(removed.catch(() => undefined));
  }

  /** But not for a file system that hangs. */
  async #waitFor(done: Promise<void>): Promise<void> {
    const over = new AbortController();
    await Promise.race([done, this.#options.clock.sleep(releaseBoundMs, over.signal)]);
    over.abort();
  }

  #tell(term: Term): Promise<void> {
    const uptimeMs = this.#options.clock.bootTime();
    const leftMs = term.remainingMs();
    return this.#write(term.isTrusted() ? Math.floor(uptimeMs + leftMs) - readingMs : 0);
  }

  #write(until: number): Promise<void> {
    this.#line = `${String(Math.max(0, until))} ${this.#token}\n`;
    return (this.#writing ??= this.#writeAll());
  }

  /** One after the other, until the file has the latest. */
  async #writeAll(): Promise<void> {
    while (this.#written !== this.#line) {
      const line = this.#line;
      await this.#replace(line);
      this.#written = line;
    }
    this.#writing = undefined;
  }

  async #replace(line: string): Promise<void> {
    const { file, warn } = this.#options;
    try {
      await writeText(this.#draft, line);
      await rename(this.#draft, file);
      this.#fault = undefined;
    } catch (thrown) {
      // What it says grows too short by itself; where it must say 0, better no file.
      if (line.startsWith('0 ')) await remove(file).catch(() => undefined);
      await remove(this.#draft).catch(() => undefined);
      const isNew = this.#fault === undefined;
      this.#fault = `cannot write the time left: ${(thrown as Error).message}`;
      // At the start that is an error, and told as one.
      if (isNew && this.#written !== '') warn(this.#fault);
    }
  }
}
