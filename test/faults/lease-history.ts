/**
 * Every version of every Lease, as the administrator's watch delivers them. It goes on where it stopped when the
 * server has been away; where the server no longer knows what was in between, it goes on from what is there now,
 * so there may be a hole, but never a version too many.
 */
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lease, LeaseSpec } from '../cluster/support/lease.ts';
import type { ControlPlane } from '../support/control-plane.ts';
import { monotonicMs } from './monotonic.ts';

export interface Version {
  readonly version: bigint;
  /** When we heard of it: CLOCK_MONOTONIC. */
  readonly heardMs: number;
  /** Undefined when it is a deletion. */
  readonly spec: LeaseSpec | undefined;
  /** Whether versions may be missing before it. */
  readonly afterHole: boolean;
}

export interface LeaseHistory {
  /** Oldest first. */
  of(namespace: string, name: string): readonly Version[];
  forget(namespace: string, name: string): void;
  close(): Promise<void>;
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR';
  readonly object: Lease & { readonly code?: number };
}

const path = '/apis/coordination.k8s.io/v1/leases';

/** Watches the Leases of all namespaces. */
export async function startHistory(controlPlane: ControlPlane): Promise<LeaseHistory> {
  const ca = await readFile(controlPlane.caFile, 'utf8');
  const histories = new Map<string, Version[]>();
  const closing = new AbortController();
  let latest = '';
  let hasWatched = false;

  const remember = ({ metadata, spec }: Lease, isDeletion: boolean, afterHole: boolean): void => {
    const key = `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
    const history = histories.get(key) ?? [];
    const version = BigInt(metadata.resourceVersion);
    histories.set(key, history);
    if (version <= (history.at(-1)?.version ?? 0n)) return;
    const heardMs = monotonicMs();
    history.push({ version, heardMs, spec: isDeletion ? undefined : spec, afterHole });
  };

  const list = async (): Promise<void> => {
    const { status, body } = await controlPlane.request<{
      readonly metadata: { readonly resourceVersion: string };
      readonly items: readonly Lease[];
    }>('GET', path);
    if (status !== 200) throw new Error(`list: ${status}`);
    for (const lease of body.items) remember(lease, false, hasWatched);
    latest = body.metadata.resourceVersion;
  };

  const watch = async (): Promise<void> => {
    const url = new URL(
      `${path}?watch=1&allowWatchBookmarks=1&resourceVersion=${latest}`,
      controlPlane.url,
    );
    const headers = { authorization: `Bearer ${controlPlane.adminToken}` };
    const outgoing = httpsRequest(url, { ca, headers, agent: false, signal: closing.signal }).end();
    outgoing.on('error', () => {}); // told by the response, too
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) {
      response.resume();
      if (response.statusCode === 410) latest = '';
      return;
    }
    for await (const line of linesOf(response)) {
      const { type, object } = JSON.parse(line) as WatchEvent;
      if (type === 'ERROR') {
        latest = '';
        return;
      }
      hasWatched = true;
      latest = object.metadata.resourceVersion;
      if (object.metadata.name !== undefined) remember(object, type === 'DELETED', false);
    }
  };

  const isClosing = () => closing.signal.aborted;
  const following = (async () => {
    while (!isClosing()) {
      try {
        if (latest === '') await list();
        await watch();
      } catch {
        // The server is away: that is what the tests do to it.
      }
      if (!isClosing()) await delay(20);
    }
  })();
  return {
    of: (namespace, name) => histories.get(`${namespace}/${name}`) ?? [],
    forget: (namespace, name) => histories.delete(`${namespace}/${name}`),
    async close() {
      closing.abort();
      await following;
    },
  };
}

async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const pieces = (rest + String(chunk)).split('\n');
    rest = pieces.pop() ?? '';
    yield* pieces;
  }
}
