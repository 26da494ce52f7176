/** What is known of a process beside its events. */
export interface Process {
  /** Log lines so far that nobody could read. */
  readonly droppedLines: () => number;
  readonly processorMs: () => number;
  readonly memoryBytes: () => number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly nodeVersion: string;
}

/** The one that we are. */
export function thisProcess(droppedLines: () => number): Process {
  return {
    droppedLines,
    processorMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    memoryBytes: () => process.memoryUsage.rss(),
    startedAtMs: performance.timeOrigin,
    nodeVersion: process.version,
  };
}
