/** The fields of a record as they are written, and what may be believed of those that others have written. */
import type { LeaderRecord } from '../election/lock.ts';
import type { JsonObject } from '../kube/json.ts';

/** The server keeps duration and transitions of a Lease as int32, and refuses what does not fit. */
const maxInt32 = 2 ** 31 - 1;

/**
 * A record, with the number of its transitions under that name. Null is never written: some electors cannot read it.
 * Undefined leaves the field out.
 */
export function fieldsOf(record: LeaderRecord, transitionsName: string): JsonObject {
  const { leaseDurationMs, acquireTimeUs, renewTimeUs } = record;
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: leaseDurationMs && Math.ceil(leaseDurationMs / 1_000),
    acquireTime: acquireTimeUs === undefined ? undefined : formatMicroTime(acquireTimeUs),
    renewTime: renewTimeUs === undefined ? undefined : formatMicroTime(renewTimeUs),
    [transitionsName]: Math.min(record.transitions, maxInt32),
  };
}

/** Others write null or leave fields out. What is not there, or makes no sense, is not known. */
export function recordFrom(
  fields: JsonObject,
  given: { holder: string; seconds: unknown; transitions: unknown },
): LeaderRecord {
  const { holder, seconds, transitions } = given;
  const isDuration = typeof seconds === 'number' && seconds > 0 && seconds <= maxInt32;
  return {
    holder,
    leaseDurationMs: isDuration ? seconds * 1_000 : undefined,
    acquireTimeUs: parseMicroTime(fields['acquireTime']),
    renewTimeUs: parseMicroTime(fields['renewTime']),
    transitions: isCount(transitions) ? transitions : 0,
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** RFC 3339, of which the server writes exactly six fractional digits (MicroTime). */
const rfc3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Writes microseconds since 1970 as the server wants them. `Date` keeps milliseconds only, so times are integers here.
 * @throws {RangeError} when it is no safe integer
 */
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
