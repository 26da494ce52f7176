/** Whether the lock can be read, is one for us, and would be written if it were our turn. */
import { asFault, type LeaderRecord, type Versioned } from '../../election/lock.ts';
import type { Connection } from '../../kube/connection.ts';
import { isObject } from '../../kube/json.ts';
import type { Permission } from '../../kube/permission.ts';
import { loadKind } from '../../locks/index.ts';
import { look } from '../follow.ts';
import { illness, open, well, type Finding, type Findings } from './finding.ts';
import type { Target } from './target.ts';

export async function* checkLock(
  target: Target,
  missing: ReadonlySet<Permission['verb']>,
): Findings {
  const { plan, ports, connection, namespace } = target;
  if (missing.has('get')) return;
  const lockIn = await loadKind(plan.lockKind);
  const at = { connection, namespace, name: plan.lock, owner: plan.owner };
  const lock = lockIn(at);
  const dry = lockIn({ ...at, connection: withoutEffect(connection) });
  let seen: Versioned | undefined;
  try {
    seen = await look({ lock, ...ports, requestTimeoutMs: plan.requestTimeoutMs });
  } catch (thrown) {
    yield illness('lock', asFault(thrown));
    return;
  }
  yield well('lock', stateOf(seen));
  if (missing.has(seen ? 'update' : 'create')) return;

  // Somebody who leads writes now and then, and may do so in between.
  for (let round = 0; round < 3; round += 1) {
    try {
      const record = claimOf(target, seen);
      const { kind } = await dry.write(record, seen, { signal: ports.signal });
      if (kind === 'written') {
        yield well('dry run', 'a claim would be accepted');
        return;
      }
      seen = await look({ lock, ...ports, requestTimeoutMs: plan.requestTimeoutMs });
    } catch (thrown) {
      yield refused(thrown);
      return;
    }
  }
  yield open('dry run', 'others keep writing to the lock');
}

function stateOf(seen: Versioned | undefined): string {
  if (seen === undefined) return 'it does not exist yet; the first candidate creates it';
  const { holder } = seen.record;
  return holder === '' ? 'free' : `held by ${JSON.stringify(holder)}`;
}

/** What we would write if it were our turn. */
function claimOf({ plan, ports }: Target, seen: Versioned | undefined): LeaderRecord {
  const nowUs = Math.round(ports.clock.wall()) * 1_000;
  return {
    holder: plan.identity,
    leaseDurationMs: plan.timing.leaseDurationMs,
    acquireTimeUs: nowUs,
    renewTimeUs: nowUs,
    transitions: seen === undefined ? 0 : seen.record.transitions + 1,
  };
}

/** Some webhooks cannot be asked without effect, and the server then does not ask at all. */
function refused(thrown: unknown): Finding {
  const fault = asFault(thrown);
  if (/dry[ -]?run/i.test(fault.message))
    return open('dry run', `the server cannot tell: ${fault.message}`);
  return illness('dry run', fault);
}

/** The same connection, but whatever is written over it is only checked: admission included, storage not. */
function withoutEffect(connection: Connection): Connection {
  return {
    ...connection,
    async request(call) {
      if (call.method === 'GET') return connection.request(call);
      const answer = await connection.request({ ...call, path: `${call.path}?dryRun=All` });
      return { ...answer, body: withVersion(answer.body) };
    },
  };
}

/** What has not been stored has no version, without which it is no object for a lock. */
function withVersion(body: unknown): unknown {
  if (!isObject(body) || !isObject(body['metadata']) || body['kind'] === 'Status') return body;
  return { ...body, metadata: { resourceVersion: '0', ...body['metadata'] } };
}
