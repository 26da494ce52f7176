/** `takeoverOnExit`: the library's way to what the command does with `--takeover-on-exit`. Loaded when it is first needed. */
import { random, systemClock } from '../clock.ts';
import type { Deaths } from '../election/death.ts';
import type { Lock } from '../election/lock.ts';
import { defaultCluster, type ClusterHandle } from './cluster.ts';
import { processEnvironment } from './surroundings.ts';

export interface TakeoverOptions {
  /** Where the Pods are: the cluster of the lock. Default: the cluster that kubectl would use here. */
  readonly cluster?: ClusterHandle | undefined;
  /** Told once what does not work here, and why. Then the lease decides, as ever. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Both belong into the options of one elector: `new LeaderElector({ lock: certified(lock), deaths })`. */
export interface TakeoverOnExit {
  /** The same lock. It says in which container its holder lives, if the end of that proves the holder's death. */
  readonly certified: (lock: Lock) => Lock;
  /** Needs the verb `watch` on pods. */
  readonly deaths: Deaths;
}

/**
 * A crash does not cost a lease: as soon as the kubelet reports the end of the leader's container, another takes over. All
 * work of a term must end with this container: it must not have another container, machine or daemon do it.
 */
export function takeoverOnExit(options: TakeoverOptions = {}): TakeoverOnExit {
  const { cluster = defaultCluster(), onWarning: warn = () => undefined } = options;
  const connection = (signal: AbortSignal) => cluster.connection(signal);
  const load = async () => {
    const { takeover } = await import('../takeover/takeover.ts');
    return takeover({ connection, env: processEnvironment(), clock: systemClock, random, warn });
  };
  let loaded: ReturnType<typeof load> | undefined;
  return {
    certified: (lock) => {
      let inner: Lock | undefined;
      return {
        ...lock,
        async write(record, basis, how) {
          const { certified } = await (loaded ??= load());
          const { namespace } = (await connection(how.signal)).cluster;
          inner ??= certified(lock, { namespace });
          return inner.write(record, basis, how);
        },
      };
    },
    deaths: {
      untilCertified: async (home, signal) =>
        (await (loaded ??= load())).deaths.untilCertified(home, signal),
    },
  };
}
