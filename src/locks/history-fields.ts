/**
 * Past terms as they are kept on a lock object: a list of objects with the names that `status --history` uses. Whatever
 * cannot be meant is taken for nothing, so an edit by somebody else costs a part of the history and nothing more.
 */
import { endings, type PastTerm } from '../election/lock.ts';
import { longestHolder, mostTerms } from '../election/record.ts';
import { objectsIn, type JsonObject } from '../kube/json.ts';
import { formatMicroTime, parseMicroTime } from './record-fields.ts';

/** How a lock writes the beginning and the end of a term. */
interface Form {
  readonly since: string;
  readonly until: string;
  /** Undefined when the value is no time. */
  readonly time: (value: unknown) => number | undefined;
}

const form: Form = { since: 'since', until: 'until', time: parseMicroTime };

/** The latest of them; undefined when there are none. */
export function termsIn(value: unknown, how = form): readonly PastTerm[] | undefined {
  const terms = objectsIn(value).flatMap((fields) => termIn(fields, how));
  return terms.length > 0 ? terms.slice(-mostTerms) : undefined;
}

function termIn(fields: JsonObject, { since, until, time }: Form): PastTerm[] {
  const { holder, exitStatus } = fields;
  const acquireTimeUs = time(fields[since]);
  const ended = endings.find((each) => each === fields['ended']);
  if (typeof holder !== 'string' || holder === '') return [];
  if (acquireTimeUs === undefined || ended === undefined) return [];
  return [
    {
      holder: holder.slice(0, longestHolder),
      acquireTimeUs,
      untilUs: time(fields[until]),
      ended,
      ...(isStatus(exitStatus) ? { exitStatus } : {}),
    },
  ];
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && 0 <= Number(value) && Number(value) <= 255;
}

export function historyFields(terms: readonly PastTerm[]): readonly JsonObject[] {
  return terms.map(fieldsOf);
}

function fieldsOf({ holder, acquireTimeUs, untilUs, ended, exitStatus }: PastTerm): JsonObject {
  const until = untilUs === undefined ? undefined : formatMicroTime(untilUs);
  return { holder, since: formatMicroTime(acquireTimeUs), until, ended, exitStatus };
}
