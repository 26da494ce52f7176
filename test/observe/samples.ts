/** The text format of Prometheus, read back. */

/** Value by metric and labels, as they are written; the label `name` and buckets left out. */
export function samplesIn(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines
      .map((line) => /^(\S+) (\S+)$/.exec(line.replace(/,?name="[^"]*"/, '').replace('{}', '')))
      .filter((parts) => parts !== null)
      .map(([, sample = '', value]): [string, number] => [sample, Number(value)])
      .filter(([sample]) => !sample.includes('_bucket{')),
  );
}

/** Those that count something, where there is something to count. */
export function countsIn(text: string): Record<string, number> {
  const counts = [...samplesIn(text)].filter(([sample, value]) => {
    return /_(total|count)(\{|$)/.test(sample) && !sample.startsWith('process_') && value !== 0;
  });
  return Object.fromEntries(counts);
}
