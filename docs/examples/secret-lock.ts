import { ApiException, CoreV1Api, KubeConfig, type V1Secret } from '@kubernetes/client-node';
import { LockFault, recordAfter, type LeaderRecord, type Lock, type Versioned } from 'k8s-leader';

/** A lock whose record is under a key of a Secret, and not in an annotation as that of `secretLock`. */
export function secretKeyLock(api: CoreV1Api, namespace: string, name: string): Lock {
  const key = 'leader';

  const versioned = (secret: V1Secret): Versioned => ({
    record: parse(Buffer.from(secret.data?.[key] ?? '', 'base64').toString()),
    version: secret.metadata?.resourceVersion ?? '',
    // Whatever write() needs in order to change nothing but the record.
    origin: secret,
    // By which a candidate notices that it was deleted and created again.
    uid: secret.metadata?.uid,
  });

  return {
    async read({ signal }) {
      return attempt(signal, async () => {
        try {
          return versioned(await api.readNamespacedSecret({ namespace, name }));
        } catch (thrown) {
          if (codeOf(thrown) === 404) return undefined;
          throw thrown;
        }
      });
    },

    async write(record, basis, { signal }) {
      return attempt(signal, async () => {
        // What stands beside the record, and what the new one does not speak of, is kept.
        const text = Buffer.from(JSON.stringify(recordAfter(record, basis?.record))).toString(
          'base64',
        );
        try {
          // With a basis, resourceVersion and uid travel in its metadata: the server refuses what is out of date.
          const found = basis?.origin as V1Secret | undefined;
          const body = { ...found, data: { ...found?.data, [key]: text } };
          const written = found
            ? await api.replaceNamespacedSecret({ namespace, name, body })
            : await api.createNamespacedSecret({
                namespace,
                body: { ...body, metadata: { namespace, name } },
              });
          return { kind: 'written', current: versioned(written) };
        } catch (thrown) {
          const code = codeOf(thrown);
          if (code === 409 || (basis && code === 404)) return { kind: 'conflict' };
          throw thrown;
        }
      });
    },
  };
}

/** The client that kubectl's configuration leads to. */
export function clientOf(config = new KubeConfig()): CoreV1Api {
  config.loadFromDefault();
  return config.makeApiClient(CoreV1Api);
}

/** A lock throws nothing but faults. What the signal does not reach here, the elector bounds by itself. */
async function attempt<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw new LockFault('unreachable', 'given up');
  try {
    return await request();
  } catch (thrown) {
    const code = codeOf(thrown);
    const kind = code === 401 || code === 403 ? 'denied' : 'unreachable';
    throw new LockFault(kind, `the server answered ${String(code ?? thrown)}`, { cause: thrown });
  }
}

function codeOf(thrown: unknown): number | undefined {
  return thrown instanceof ApiException ? thrown.code : undefined;
}

/** What nobody understands is held by somebody unknown, never free. */
function parse(text: string): LeaderRecord {
  const nobody = { leaseDurationMs: undefined, acquireTimeUs: undefined, renewTimeUs: undefined };
  const blank = { holder: '', transitions: 0, ...nobody };
  if (text === '') return blank;
  try {
    return { ...blank, ...(JSON.parse(text) as Partial<LeaderRecord>) };
  } catch {
    return { ...blank, holder: 'somebody unknown' };
  }
}
