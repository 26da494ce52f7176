/**
 * The MicroTime of the Kubernetes API: RFC 3339 with exactly six fractional digits. `Date` keeps milliseconds
 * only, so times are integers here: microseconds since 1970.
 */

const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/** Writes microseconds since 1970 as the server wants them. @throws {RangeError} when it is no safe integer */
export function formatMicroTime(us: number): string {
  if (!Number.isSafeInteger(us))
    throw new RangeError(`${String(us)} is no time in whole microseconds`);
  const ms = Math.floor(us / 1_000);
  const rest = String(us - ms * 1_000).padStart(3, '0');
  return new Date(ms).toISOString().replace('Z', `${rest}Z`);
}

/**
 * Reads RFC 3339 with any offset and any number of fractional digits, of which those past the sixth are cut off.
 * Undefined for anything else, and for times too far away to be exact.
 */
export function parseMicroTime(value: unknown): number | undefined {
  const match = typeof value === 'string' ? rfc3339.exec(value) : null;
  if (!match) return undefined;
  const [, day = '', time = '', fraction = '', offset = ''] = match;
  const ms = Date.parse(`${day}T${time}${offset.toUpperCase()}`);
  const us = ms * 1_000 + Number(fraction.slice(0, 6).padEnd(6, '0'));
  return Number.isSafeInteger(us) ? us : undefined;
}
