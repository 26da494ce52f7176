/** A record as the text of a local lock. Whatever a hand has put there becomes what a field that is missing from a Lease is. */
import type { LeaderRecord, Remarks, Wish } from '../election/lock.ts';
import { keysIn } from './remark-fields.ts';

export function recordFrom(text: string): LeaderRecord {
  const fields = fieldsOf(text);
  return {
    holder: typeof fields.holder === 'string' ? fields.holder : '',
    leaseDurationMs: amount(fields.leaseDurationMs, 1),
    acquireTimeUs: amount(fields.acquireTimeUs),
    renewTimeUs: amount(fields.renewTimeUs),
    transitions: amount(fields.transitions) ?? 0,
    ...remarksFrom(fields),
  };
}

function remarksFrom({ wish, done }: { [field in keyof Remarks]?: unknown }): Remarks {
  const keys = keysIn(done);
  const { holder, acquireTimeUs } = (wish ?? {}) as { [field in keyof Wish]?: unknown };
  const beganAtUs = amount(acquireTimeUs);
  const isWish = typeof holder === 'string' && holder !== '' && beganAtUs !== undefined;
  return {
    ...(isWish ? { wish: { holder, acquireTimeUs: beganAtUs } } : {}),
    ...(keys ? { done: keys } : {}),
  };
}

function fieldsOf(text: string): { [field in keyof LeaderRecord]?: unknown } {
  try {
    const fields: unknown = JSON.parse(text);
    return typeof fields === 'object' && fields !== null ? fields : {};
  } catch {
    return {};
  }
}

function amount(value: unknown, least = 0): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= least ? (value as number) : undefined;
}
