/** A record as the text of a local lock. Whatever a hand has put there becomes what a field that is missing from a Lease is. */
import type { LeaderRecord, Notes, StepDownRequest } from '../election/lock.ts';
import { termsIn } from './history-fields.ts';
import { keysIn } from './note-fields.ts';

export function recordFrom(text: string): LeaderRecord {
  const fields = fieldsOf(text);
  return {
    holder: typeof fields.holder === 'string' ? fields.holder : '',
    leaseDurationMs: amount(fields.leaseDurationMs, 1),
    acquireTimeUs: amount(fields.acquireTimeUs),
    renewTimeUs: amount(fields.renewTimeUs),
    transitions: amount(fields.transitions) ?? 0,
    ...notesFrom(fields),
  };
}

const pastTerms = { since: 'acquireTimeUs', until: 'untilUs', time: amount };

function notesFrom(fields: { [field in keyof Notes]?: unknown }): Notes {
  const { stepDown, done } = fields;
  const keys = keysIn(done);
  const history = termsIn(fields.history, pastTerms);
  const { holder, acquireTimeUs } = (stepDown ?? {}) as {
    [field in keyof StepDownRequest]?: unknown;
  };
  const beganAtUs = amount(acquireTimeUs);
  const isStepDown = typeof holder === 'string' && holder !== '' && beganAtUs !== undefined;
  return {
    ...(isStepDown ? { stepDown: { holder, acquireTimeUs: beganAtUs } } : {}),
    ...(keys ? { done: keys } : {}),
    ...(history ? { history } : {}),
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
