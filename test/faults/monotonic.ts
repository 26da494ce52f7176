/** Milliseconds of CLOCK_MONOTONIC, which every process on this machine shares. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A time of the wall clock, as this machine's monotonic clock was then, if nobody has set the former since. */
export function monotonicMsAt(wallTime: string): number {
  return monotonicMs() - (Date.now() - Date.parse(wallTime));
}
