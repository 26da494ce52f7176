/** A logarithmic axis. */
export interface Scale {
  /** Where on the picture a value is. What is below the axis is at its beginning. */
  at(value: number): number;
  /** The powers of ten on it. */
  readonly decades: readonly number[];
}

/** From the least of the values, or the power of ten below it, to the one above the greatest. */
export function scale(values: readonly number[], [from, to]: readonly [number, number]): Scale {
  const positive = values.filter((value) => value > 0).map(Math.log10);
  const low = Math.floor(Math.min(...positive));
  const high = Math.max(low + 1, Math.ceil(Math.max(...positive)));
  return {
    at(value) {
      const log = value > 0 ? Math.max(low, Math.log10(value)) : low;
      return Math.round((from + ((to - from) * (log - low)) / (high - low)) * 10) / 10;
    },
    decades: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
  };
}
