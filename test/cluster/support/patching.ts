import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { ApiAnswer, ControlPlane } from '../../support/control-plane.ts';

export type Patch = (change: object) => Promise<ApiAnswer>;

/** Patches an object over one connection that is kept. */
export function patching(
  server: Pick<ControlPlane, 'url' | 'caFile'>,
  path: string,
  token: string,
): Patch {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 1,
    ca: readFileSync(server.caFile, 'utf8'),
  });
  onTestFinished(() => {
    agent.destroy();
  });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/merge-patch+json',
  };
  return async (change) => {
    const outgoing = request(new URL(path, server.url), { method: 'PATCH', agent, headers });
    outgoing.end(JSON.stringify(change));
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const body = JSON.parse(await text(response)) as ApiAnswer['body'];
    return { status: response.statusCode ?? 0, body };
  };
}
