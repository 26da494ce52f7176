/** A command that writes to one object all the time, over one connection, and records what it is answered. */
import { appendFileSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

const { env } = process;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const ca = readFileSync(env['WRITER_CA'] ?? '', 'utf8');
const token = env['LEADER_FENCING_TOKEN'] ?? '';
const annotations = env['WRITER_CARRIES_TOKEN'] ? { 'k8s-leader.dev/fencing-token': token } : {};
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

for (let count = 1; ; count += 1) {
  const begunMs = nowMs();
  try {
    const outgoing = request(env['WRITER_URL'] ?? '', {
      method: 'PATCH',
      agent,
      ca,
      headers: {
        authorization: `Bearer ${env['WRITER_TOKEN'] ?? ''}`,
        'content-type': 'application/merge-patch+json',
      },
    });
    outgoing.end(
      JSON.stringify({ metadata: { annotations: { ...annotations, count: String(count) } } }),
    );
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const body = JSON.parse(await text(response)) as {
      message?: string;
      metadata?: { resourceVersion?: string };
    };
    const said = body.message ?? body.metadata?.resourceVersion ?? '';
    const answer = { begunMs, answeredMs: nowMs(), status: response.statusCode, said };
    appendFileSync(env['WRITER_RECORD'] ?? '', `${JSON.stringify(answer)}\n`);
  } catch {
    // The next attempt has a connection of its own.
  }
  await delay(5);
}
