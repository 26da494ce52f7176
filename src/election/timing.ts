/**
 * The sums behind "never two at once" (R5). All times are local and monotonic; `s` is when the last acknowledged
 * write was *sent*, so the server cannot have applied it earlier:
 *
 *     s          s + renewDeadline       s + lease − margin     s + lease
 *     |── trusted ──|──── stop signal ────|──── KILL, gone ───────|── others may claim
 *
 * - Another candidate claims at the earliest `lease` after it *saw* the write, which is after `s`.
 * - Up to `renewDeadline` a renewal may still save the term. From then on the command is being stopped.
 * - `margin` pays for what the sum ignores: clocks whose rates differ by up to 1 % each way (2 % of the lease),
 *   a kernel that needs a moment to end a process group, a timer that rings late. 250 ms + 5 % of the lease.
 * - Hence `lease − renewDeadline > margin`, or there would be no time to stop anything.
 *
 * The three settings mean what they mean in client-go, and are refused where client-go refuses them.
 */
export interface Timing {
  /** How long a candidate waits for the holder's next sign of life before it claims. Whole seconds. */
  readonly leaseDurationMs: number;
  /** How long after the last acknowledged renewal was sent the holder goes on before it stops its command. */
  readonly renewDeadlineMs: number;
  /** The holder renews this often; a polling candidate looks this often. */
  readonly retryPeriodMs: number;
}

/** client-go's core components use the same values. */
export const defaultTiming: Timing = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
};

/** client-go's JitterFactor: a retry may take this much longer than the retry period. */
export const jitterFactor = 1.2;
/** The API server stores the duration as int32 seconds. */
const maxLeaseSeconds = 2 ** 31 - 1;

export function marginMs(leaseDurationMs: number): number {
  return 250 + 0.05 * leaseDurationMs;
}

/** From the loss by our own clock to the KILL: what the command has for an orderly end. */
export function stopBudgetMs(timing: Timing): number {
  return timing.leaseDurationMs - marginMs(timing.leaseDurationMs) - timing.renewDeadlineMs;
}

/** When trust in a write that was sent at `sentAtMs` ends: the times of the diagram above. */
export interface Trust {
  readonly sentAtMs: number;
  /** The loss is declared here: stop signal. */
  readonly lossAtMs: number;
  /** KILL here. */
  readonly killAtMs: number;
}

export function trustFrom(sentAtMs: number, timing: Timing): Trust {
  return {
    sentAtMs,
    lossAtMs: sentAtMs + timing.renewDeadlineMs,
    killAtMs: sentAtMs + timing.leaseDurationMs - marginMs(timing.leaseDurationMs),
  };
}

/** Why these timings cannot work, as one line that shows the sum; undefined when they can. */
export function timingProblem(timing: Timing): string | undefined {
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = timing;
  if (![leaseDurationMs, renewDeadlineMs, retryPeriodMs].every(Number.isFinite))
    return 'a lease duration, renew deadline and retry period must be finite numbers';
  if (leaseDurationMs < 1_000 || leaseDurationMs % 1_000 !== 0)
    return `the lease duration is ${seconds(leaseDurationMs)}, but a Lease holds whole seconds, at least 1`;
  if (leaseDurationMs > maxLeaseSeconds * 1_000)
    return `the lease duration is ${seconds(leaseDurationMs)}, but a Lease holds at most ${String(maxLeaseSeconds)}s`;
  if (retryPeriodMs <= 0)
    return `the retry period is ${seconds(retryPeriodMs)}, it must be positive`;
  if (renewDeadlineMs >= leaseDurationMs)
    return `the renew deadline (${seconds(renewDeadlineMs)}) must be shorter than the lease duration (${seconds(leaseDurationMs)})`;
  if (retryPeriodMs * jitterFactor >= renewDeadlineMs)
    return `the retry period × ${String(jitterFactor)} (${seconds(retryPeriodMs * jitterFactor)}) must be shorter than the renew deadline (${seconds(renewDeadlineMs)})`;
  if (stopBudgetMs(timing) <= 0) return `no time to stop the command: ${stopSum(timing)}`;
  return undefined;
}

/** What is allowed but probably not meant; undefined when there is nothing to say. */
export function timingWarning(timing: Timing): string | undefined {
  if (stopBudgetMs(timing) >= 1_000) return undefined;
  return `on a loss the command has less than a second to stop: ${stopSum(timing)}`;
}

function stopSum(timing: Timing): string {
  const margin = marginMs(timing.leaseDurationMs);
  return (
    `lease duration ${seconds(timing.leaseDurationMs)} − renew deadline ${seconds(timing.renewDeadlineMs)}` +
    ` − safety margin ${seconds(margin)} (250ms + 5 %) = ${seconds(stopBudgetMs(timing))}`
  );
}

function seconds(ms: number): string {
  return `${String(Math.round(ms) / 1_000)}s`;
}
