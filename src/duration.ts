/** Durations as people write and read them: `500ms`, `15s`, `2m`, `1h30m`, or a bare number of seconds. */

/** The longest a Lease can state: int32 seconds, 68 years. */
const longestMs = (2 ** 31 - 1) * 1_000;

const number = String.raw`(\d+(?:\.\d+)?|\.\d+)`;
const bareSeconds = new RegExp(`^${number}$`);
/** Each unit once, in falling order: `1m1h` or `1h1h` is more likely a slip than a sum. */
const withUnits = new RegExp(`^(?:${number}h)?(?:${number}m)?(?:${number}s)?(?:${number}ms)?$`);

/**
 * Reads a duration, in milliseconds, rounded to whole ones. Zero is a duration; whether it makes sense is the
 * caller's business. @throws {Error} with one line that does not repeat the text
 */
export function parseDuration(text: string): number {
  const ms = bareSeconds.test(text) ? Number(text) * 1_000 : sumOfUnits(text);
  if (ms > longestMs) throw new Error('longer than any Lease can last (68 years)');
  return Math.round(ms);
}

function sumOfUnits(text: string): number {
  const parts = withUnits.exec(text);
  if (text === '' || parts === null) throw new Error('not a duration such as 500ms, 15s or 1h30m');
  const [h = 0, m = 0, s = 0, ms = 0] = parts.slice(1).map((part) => Number(part || 0));
  return h * 3_600_000 + m * 60_000 + s * 1_000 + ms;
}

/**
 * Writes a duration for people, no finer than they care: `250ms`, `2.5s`, `1h30m`. What it writes
 * {@link parseDuration} reads.
 */
export function formatDuration(ms: number): string {
  const whole = Math.round(Math.max(ms, 0));
  if (whole > 0 && whole < 1_000) return `${String(whole)}ms`;
  const grainMs = whole < 60_000 ? 100 : 1_000;
  const rounded = Math.round(whole / grainMs) * grainMs;
  const parts: [amount: number, unit: string][] = [
    [Math.floor(rounded / 3_600_000), 'h'],
    [Math.floor((rounded % 3_600_000) / 60_000), 'm'],
    [(rounded % 60_000) / 1_000, 's'],
  ];
  const text = parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${String(amount)}${unit}`);
  return text.join('') || '0s';
}
