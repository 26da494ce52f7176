/** Where wrappers are measured: one real API server, a service account for each, and nobody left behind. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startReaper } from '../test/support/control-plane/reaper.ts';
import {
  startControlPlane,
  type ApiObject,
  type ControlPlane,
  type PolicyRule,
} from '../test/support/control-plane.ts';
import { namespace } from './contestants.ts';
import { serviceAccountDir, writeServiceAccount } from './place.ts';
import { Subject } from './subject.ts';

export interface Account {
  /** As the audit log has it. */
  readonly user: string;
  readonly kubeconfig: string;
  readonly token: string;
  /** As the kubelet would mount it. */
  readonly folder: string;
}

export interface Stage {
  readonly controlPlane: ControlPlane;
  account(name: string): Promise<Account>;
  /** Mounts an account where a pod has it. */
  becomePod(): Promise<void>;
  /** Starts it as in a pod, with the service account that is mounted there. */
  start(argv: readonly string[]): Subject;
  /** Undefined when there is none. */
  lease(lock: string): Promise<ApiObject | undefined>;
  /** Writes what `change` makes of its spec, whoever else writes. Returns when the server has answered. */
  editLease(lock: string, change: (spec: Spec) => Spec): Promise<void>;
  deleteLease(lock: string): Promise<void>;
  close(): Promise<void>;
}

type Spec = Readonly<Record<string, unknown>>;

const rules: readonly PolicyRule[] = [
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    verbs: ['get', 'create', 'update', 'list', 'watch'],
  },
  { apiGroups: [''], resources: ['events'], verbs: ['create'] },
];
const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-bench-'));
  const reaper = await startReaper(folder);
  const controlPlane = await startControlPlane();
  const { caFile, request } = controlPlane;
  const env = {
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(controlPlane.port),
  };
  const lease = async (lock: string) => {
    const { status, body } = await request('GET', `${leases}/${lock}`);
    return status === 200 ? body : undefined;
  };
  const stage: Stage = {
    controlPlane,
    lease,
    async account(name) {
      const account = await controlPlane.serviceAccount({ namespace, name, rules });
      const { token, kubeconfigPath: kubeconfig } = account;
      const mounted = join(folder, name);
      writeServiceAccount(mounted, { token, caFile, namespace });
      const user = `system:serviceaccount:${namespace}:${name}`;
      return { user, kubeconfig, token, folder: mounted };
    },
    async becomePod() {
      const { token } = await stage.account('pod');
      writeServiceAccount(serviceAccountDir, { token, caFile, namespace });
    },
    start: (argv) => new Subject(argv, env).watchedBy(reaper),
    async editLease(lock, change) {
      for (let status = 409; status !== 200;) {
        const found = await lease(lock);
        if (!found) throw new Error(`no Lease ${lock}`);
        const edited = { ...found, spec: change(found.spec ?? {}) };
        ({ status } = await request('PUT', `${leases}/${lock}`, edited));
      }
    },
    async deleteLease(lock) {
      await request('DELETE', `${leases}/${lock}`);
    },
    async close() {
      await reaper.reap();
      await controlPlane.close();
    },
  };
  return stage;
}

/** Waits until a moment that has nothing to do with anybody's retry period. */
export function noParticularMoment(fromMs: number, toMs: number): Promise<void> {
  return delay(fromMs + (toMs - fromMs) * Math.random());
}
