/**
 * Requests to the API server that go around the code under test: plain JSON over a connection of
 * their own.
 */
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

/** The parts of Kubernetes objects and Status answers that tests look at. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: unknown;
  readonly items?: readonly ApiObject[];
  readonly reason?: string;
  readonly message?: string;
}

/**
 * An answer of any status. A body that is not JSON, as of `/readyz`, is left as the string it is.
 */
export interface ApiAnswer<Body = ApiObject> {
  readonly status: number;
  readonly body: Body;
}

/** What differs from an ordinary request of the administrator. */
export interface ApiRequestOptions {
  /** Somebody else's bearer token. */
  readonly token?: string;
  /** Default: `application/json`, and `application/merge-patch+json` for a PATCH. */
  readonly contentType?: string;
  /** Default: 10000. */
  readonly timeoutMs?: number;
}

/** Sends one request; throws only when there is no answer. */
export type ApiRequest = <Body = ApiObject>(
  method: string,
  path: string,
  body?: unknown,
  options?: ApiRequestOptions,
) => Promise<ApiAnswer<Body>>;

/**
 * Requests to one server as one user. `ca` is asked each time, as the server writes its certificate
 * at its first start.
 */
export function apiRequests(url: string, ca: () => Promise<string>, userToken: string): ApiRequest {
  return async <Body>(
    method: string,
    path: string,
    body?: unknown,
    options: ApiRequestOptions = {},
  ) => {
    const { token = userToken, timeoutMs = 10_000 } = options;
    const usualType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const outgoing = httpsRequest(new URL(path, url), {
      method,
      ca: await ca(),
      // A kept connection would be dead after the server's next restart.
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': options.contentType ?? usualType }),
      },
    });
    // A fault after the head of the answer is told by the response as well.
    outgoing.on('error', () => {});
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, body: parse(await text(response)) as Body };
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
