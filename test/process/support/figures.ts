/** Measured times, which no test judges: others may be using the processors. `FIGURES=1` prints them. */
const noted = new Map<string, number[]>();

export function note(name: string, ms: number): void {
  noted.set(name, [...(noted.get(name) ?? []), ms]);
}

/** Prints what was noted since the last time, one line for each name. */
export function tellFigures(): void {
  for (const [name, times] of noted) {
    const sorted = times.sort((a, b) => a - b).map(Math.round);
    const [median, slowest] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
    if (process.env['FIGURES'])
      process.stderr.write(
        `${name}: ${sorted.length} times, ${median} ms, slowest ${slowest} ms\n`,
      );
  }
  noted.clear();
}
