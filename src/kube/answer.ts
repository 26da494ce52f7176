import { LockFault, type FaultKind } from '../election/lock.ts';
import { oneLine } from '../text.ts';
import type { Cluster } from './cluster.ts';
import type { Answer } from './exchange.ts';
import { isObject, objectsIn, type JsonObject } from './json.ts';
import { missingRule, type Permission } from './permission.ts';

/** What a call does to what, in the words of an RBAC rule. */
export interface Action extends Permission {
  readonly namespace: string;
}

/** A server that wants to be left alone for longer is asked again all the same. */
const maxRetryAfterSeconds = 60;

/** The word for what went wrong, such as `AlreadyExists`; undefined when the answer is no Status object. */
export function reasonOf({ body }: Answer): string | undefined {
  const { reason } = statusOf(body);
  return typeof reason === 'string' ? reason : undefined;
}

/** Whether RBAC is what refuses. A webhook or a policy may answer 403 as well. */
export function isRefusedByRbac({ status, body }: Answer): boolean {
  const { message } = statusOf(body);
  // It says who cannot do what.
  return status === 403 && typeof message === 'string' && / cannot \S+ resource /.test(message);
}

/** The fault in an answer that is not what `action` was meant to bring. */
export function answerFault(
  answer: Answer,
  action: Action,
  { server, describe, redact = unchanged }: Cluster,
): LockFault {
  const { verb, resource, namespace } = action;
  const { message, details } = statusOf(answer.body);
  const attempt = `${verb} ${resource} in namespace "${namespace}"`;
  const said = typeof message === 'string' ? redact(message) : 'it does not say why';
  const fault = (kind: FaultKind, text: string, hint?: string) =>
    new LockFault(kind, oneLine(text), {
      hint: hint && oneLine(hint),
      ...retryAfter(answer),
    });

  if (isObject(details) && details['kind'] === 'namespaces' && answer.status === 404)
    return fault(
      'unreachable',
      `there is no namespace "${namespace}"`,
      'create it, or choose another',
    );
  if (causes(details).includes('NamespaceTerminating'))
    return fault('unreachable', `cannot ${attempt}: it is being deleted`);

  switch (answer.status) {
    case 401:
      return fault(
        'denied',
        `the API server ${server.host} does not accept our credentials: ${said}`,
        `check the user in ${describe}`,
      );
    case 403:
      return fault(
        'denied',
        `not allowed to ${attempt}: ${said}`,
        // No rule would change the mind of anything else.
        isRefusedByRbac(answer) ? missingRule(action, namespace) : undefined,
      );
    case 400:
    case 422:
      return fault('denied', `the API server ${server.host} refuses to ${attempt}: ${said}`);
    default:
      return fault(
        'unreachable',
        `the API server ${server.host} answers ${String(answer.status)} to ${attempt}: ${said}`,
      );
  }
}

const unchanged = (text: string) => text;

function retryAfter({ status, headers, body }: Answer): { retryAfterMs?: number } {
  if (status !== 429 && status < 500) return {};
  const { details } = statusOf(body);
  const inBody = isObject(details) ? details['retryAfterSeconds'] : undefined;
  const header = headers['retry-after'];
  const seconds = header === undefined ? inBody : Number(header);
  if (typeof seconds !== 'number') return {};
  if (!(seconds >= 0)) return {};
  return { retryAfterMs: Math.min(seconds, maxRetryAfterSeconds) * 1_000 };
}

function causes(details: unknown): unknown[] {
  return isObject(details) ? objectsIn(details['causes']).map(({ reason }) => reason) : [];
}

function statusOf(body: unknown): JsonObject {
  return isObject(body) && body['kind'] === 'Status' ? body : {};
}
