/**
 * Taking over when a container has ended, put together for this process: what it says of its own end, and how it learns of
 * others' (R15 of the election).
 */
import type { Clock } from '../election/clock.ts';
import type { Deaths } from '../election/death.ts';
import type { Lock } from '../election/lock.ts';
import type { Env } from '../kube/cluster.ts';
import { chooseNamespace } from '../kube/config.ts';
import type { Connection } from '../kube/connection.ts';
import { readNow, targetOf } from '../platform/files-now.ts';
import { hostname } from '../platform/machine.ts';
import { randomUUID } from '../platform/random.ts';
import { certifying } from './certifying.ts';
import { ownContainer, type Container, type Proc } from './container.ts';
import { podDeaths } from './pod-deaths.ts';
import { terminationLog } from './termination-log.ts';

export interface TakeoverOptions {
  /** To the cluster of the lock, in which the Pods are. */
  readonly connection: (signal: AbortSignal) => Promise<Connection>;
  readonly env: Env;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** What does not work, and why. */
  readonly warn: (message: string) => void;
}

export interface Takeover {
  /** The same lock. What it writes says where its holder lives, if the end of that place proves its death. */
  readonly certified: (lock: Lock, cluster: { readonly namespace: string | undefined }) => Lock;
  readonly deaths: Deaths;
}

export function takeover({ connection, env, clock, random, warn }: TakeoverOptions): Takeover {
  const container = hereContainer();
  if (container.kind === 'unfit')
    warn(`after a crash of this process its lease must run out: ${container.why}`);
  return {
    certified: (lock, { namespace: configured }) => {
      if (container.kind === 'unfit') return lock;
      const { uid, name, file } = container;
      const namespace = chooseNamespace({ flag: undefined, env, cluster: configured });
      const pod = podName(env);
      const dwelling = { namespace, pod, uid, container: name, mark: randomUUID() };
      return certifying(lock, { clock, dwelling, log: terminationLog(file), warn });
    },
    deaths: podDeaths({
      connection,
      clock,
      random,
      onFault: (fault) => {
        warn(`cannot watch the leader's Pod, so after a crash its lease decides: ${fault.message}`);
      },
    }),
  };
}

/** The host is called like the Pod, unless the Pod's spec says otherwise. */
export function podName(env: Env): string {
  return env['POD_NAME'] || hostname();
}

/** Of this process. */
export function hereContainer(): Container {
  return ownContainer(proc);
}

const proc: Proc = {
  text: (path) => readNow(path).toString(),
  link: targetOf,
};
