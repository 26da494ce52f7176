/**
 * A label on the own Pod, on or off, whatever the server and the network do meanwhile.
 *
 *     unknown ── remove() ──▶ off ── set() ──▶ perhaps on        one request at a time; a new wish cuts off
 *                              ▲                   │              the one before
 *                              └──── remove() ─────┘
 *
 * Every attempt reads the Pod and patches that version; a conflict reads again. A patch that was cut off, or whose
 * answer is late, may land at any time, but not once a later patch has: that has changed the version (`pod.ts`). So
 * when remove() has been answered, the label is gone, and nothing that was sent before brings it back. That is why a
 * new process patches the Pod even where it finds no label: the process before it may have sent one.
 *
 * A fault is told once for each wish; a refusal once, until something works again.
 */
import { backoffMs } from '../election/request.ts';
import { bounded } from '../election/request.ts';
import type { Clock } from '../election/clock.ts';
import { asFault, type LockFault } from '../election/lock.ts';
import type { Timing } from '../election/timing.ts';
import type { LabelledPod } from './pod.ts';

export type LabelWish = 'set' | 'remove';

interface PodLabelOptions {
  readonly pod: LabelledPod;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly requestTimeoutMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** A word that was never used before. */
  readonly mark: () => string;
  readonly onFault: (fault: LockFault, wish: LabelWish) => void;
}

/**
 * Bound of the first attempt, a read and a patch; doubled for each that follows. The Kubernetes project wants 99 % of
 * such calls answered within a second. What is not may be on a dead connection; the next attempt opens a new one.
 */
const firstBoundMs = 1_000;
/** What was refused is tried again this often: somebody may have changed a Role. */
const refusedPauseMs = 30_000;

interface Pursuit {
  readonly wish: LabelWish;
  /** Ends it. */
  readonly cutOff: AbortController;
  /** Resolves when it has come true, was refused, or was cut off; never rejects. */
  readonly verdict: PromiseWithResolvers<undefined>;
}

/** Whether it is done; otherwise this is not the time for it. @throws {LockFault} */
type Work = (signal: AbortSignal) => Promise<boolean>;

export class PodLabel {
  readonly #options: PodLabelOptions;
  #state: 'unknown' | 'off' | 'perhaps on' = 'unknown';
  #pursuit: Pursuit | undefined;
  /** Resolves when no request is under way. */
  #atRest: Promise<void> = Promise.resolve();
  #isRefusalTold = false;

  constructor(options: PodLabelOptions) {
    this.#options = options;
  }

  /** Tries until it is set, or something else is wanted. `isWanted`, asked before each patch, may put it off. */
  set(isWanted: () => boolean): void {
    void this.#pursue('set', (signal) => this.#patch(true, isWanted, signal));
  }

  /** Tries until it is gone, or something else is wanted. Resolves then, or when it is refused; never rejects. */
  remove(): Promise<unknown> {
    if (this.#pursuit?.wish === 'remove') return this.#pursuit.verdict.promise;
    return this.#pursue('remove', async (signal) => {
      if (this.#state === 'off') return true;
      await this.#patch(false, () => true, signal);
      this.#state = 'off';
      return true;
    });
  }

  /** Nothing is tried any more. */
  close(): void {
    this.#pursuit?.cutOff.abort();
  }

  #pursue(wish: LabelWish, work: Work): Promise<unknown> {
    this.close();
    const pursuit = {
      wish,
      cutOff: new AbortController(),
      verdict: Promise.withResolvers<undefined>(),
    };
    this.#pursuit = pursuit;
    this.#atRest = this.#atRest.then(() => this.#untilDone(pursuit, work));
    return pursuit.verdict.promise;
  }

  async #untilDone({ wish, cutOff: { signal }, verdict }: Pursuit, work: Work): Promise<void> {
    const { clock, timing, random, requestTimeoutMs, onFault } = this.#options;
    let isTold = false;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const boundMs = Math.min(firstBoundMs * 2 ** failures, requestTimeoutMs);
      try {
        const isDone = await bounded({ clock, boundMs, signal }, work);
        this.#isRefusalTold = false;
        if (isDone) break;
        await clock.sleep(timing.retryPeriodMs, signal);
      } catch (thrown) {
        // Aborted by another wish in the meantime, which is no fault.
        if (isCutOff(signal)) break;
        const fault = asFault(thrown);
        const isRefused = fault.kind !== 'unreachable';
        if (!isTold && !(isRefused && this.#isRefusalTold)) onFault(fault, wish);
        isTold = true;
        this.#isRefusalTold ||= isRefused;
        if (fault.kind === 'unsupported') break;
        if (isRefused) verdict.resolve(undefined);
        const pauseMs = isRefused
          ? refusedPauseMs
          : backoffMs(failures, { fault, timing, spread: random() });
        await clock.sleep(pauseMs, signal);
      }
    }
    verdict.resolve(undefined);
  }

  /** Reads and patches until no conflict is in the way. False when it is not wanted. */
  async #patch(isSet: boolean, isWanted: () => boolean, signal: AbortSignal): Promise<boolean> {
    const { pod, mark } = this.#options;
    for (;;) {
      const seen = await pod.read(signal);
      signal.throwIfAborted();
      if (!isWanted()) return false;
      if (isSet) this.#state = 'perhaps on';
      if (await pod.write(seen, { isSet, mark: mark() }, signal)) return true;
    }
  }
}

function isCutOff(signal: AbortSignal): boolean {
  return signal.aborted;
}
