/**
 * What a story needs: a namespace of its own, the manifests in it, who leads, and the lives of the commands. All that it
 * tells is facts from outside of the wrapper: the Lease, the containers' processes and states, and the stamps.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { until, type Patience } from '../../cluster/support/until.ts';
import type { ApiObject } from '../../support/control-plane/api-request.ts';
import type { Cluster } from './cluster.ts';
import { inmates, type Inmate } from './containerd.ts';
import { nowMs, readLives, type Life } from './lives.ts';
import { claim } from './manifest.ts';
import { outcomeOf, tool, type Said } from './tool.ts';

/** Far beyond what anything takes, on a machine with others. */
export const patience: Patience = { withinMs: 150_000, everyMs: 50 };

export interface Pod extends ApiObject {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly state: { readonly running?: object; readonly terminated?: Ended };
  readonly lastState: { readonly terminated?: Ended };
}

/** How a container has ended. */
export interface Ended {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason?: string;
  /** Of `/dev/termination-log`. */
  readonly message?: string;
}

/** The processes of a container that leads. */
export interface Family {
  readonly wrapper: Inmate;
  readonly command: Inmate;
  readonly all: readonly Inmate[];
}

export class Story {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly #stamps: string;

  private constructor(cluster: Cluster, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.#stamps = join(cluster.stamps, namespace);
  }

  /** In a new namespace, which enforces the standard `restricted`. */
  static async open(cluster: Cluster, namespace: string): Promise<Story> {
    const story = new Story(cluster, namespace);
    await mkdir(story.#stamps, { mode: 0o777 });
    await tool('chmod', ['0777', story.#stamps]);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await story.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
      ...volume(namespace, story.#stamps),
    ]);
    return story;
  }

  /** Its stdout; throws when it fails. */
  kubectl(...args: string[]): Promise<string> {
    return tool('kubectl', this.#asked(args));
  }

  /** However it ends. */
  tryKubectl(...args: string[]): Promise<Said> {
    return outcomeOf('kubectl', this.#asked(args));
  }

  async apply(objects: readonly object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await tool('kubectl', this.#asked(['apply', '-f', '-']), list);
  }

  /** Waits until a Deployment is rolled out. */
  async rolledOut(name: string): Promise<void> {
    await this.kubectl('rollout', 'status', `deployment/${name}`, '--timeout=150s');
  }

  /** All that the label `app` selects. */
  async pods(app: string): Promise<Pod[]> {
    const selector = encodeURIComponent(`app=${app}`);
    const path = `/api/v1/namespaces/${this.namespace}/pods?labelSelector=${selector}`;
    const { body } = await this.cluster.request<{ items: Pod[] }>('GET', path);
    return body.items;
  }

  async pod(name: string): Promise<Pod> {
    const path = `/api/v1/namespaces/${this.namespace}/pods/${name}`;
    const { status, body } = await this.cluster.request<Pod>('GET', path);
    if (status !== 200) throw new Error(`there is no pod ${name}`);
    return body;
  }

  /** The pod that the Lease names; empty while nobody leads, or nobody answers. */
  async holder(lock: string): Promise<string> {
    const path = `/apis/coordination.k8s.io/v1/namespaces/${this.namespace}/leases/${lock}`;
    const answer = await this.cluster.request('GET', path).catch(() => undefined);
    const identity = (answer?.body.spec?.['holderIdentity'] as string | undefined) ?? '';
    return identity.replace(/_[^_]*$/, '');
  }

  /** Waits until somebody leads whose command works, and who is not the one named. */
  async leader(lock: string, otherThan = ''): Promise<string> {
    return until(
      `somebody other than ${otherThan || 'nobody'} leads ${lock}`,
      async () => {
        const holder = await this.holder(lock);
        if (holder === '' || holder === otherThan) return undefined;
        const works = (await this.lives()).some((life) => life.pod === holder && !life.endedMs);
        return works && holder;
      },
      patience,
    );
  }

  /** One of the pods that runs and does not lead. */
  async standby(app: string, lock = app): Promise<string> {
    const holder = await this.holder(lock);
    const others = (await this.pods(app)).filter(({ metadata }) => metadata.name !== holder);
    const [first] = others.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (!first) throw new Error(`no other pod of ${app} than ${holder}`);
    return first.metadata.name;
  }

  /** All lives so far. */
  lives(): Promise<Life[]> {
    return readLives(this.#stamps);
  }

  /** Waits for one that has begun after the moment. */
  lifeAfter(sinceMs: number): Promise<Life> {
    return until(
      'a command has begun',
      async () => (await this.lives()).find(({ begunMs }) => begunMs > sinceMs),
      patience,
    );
  }

  /** Deletes the leader, and waits for the next command, which is another pod's. */
  async succeeded(leader: string, ...how: string[]): Promise<Life> {
    const deletedMs = nowMs();
    await this.deletePod(leader, ...how);
    const next = await this.lifeAfter(deletedMs);
    if (next.pod === leader) throw new Error(`${leader} has been deleted, and leads again`);
    return next;
  }

  /** Deletes the pod and does not wait. */
  async deletePod(name: string, ...how: string[]): Promise<void> {
    await this.kubectl('delete', 'pod', name, '--wait=false', ...how);
  }

  async containerId(pod: string, container = 0): Promise<string> {
    const { status } = await this.pod(pod);
    const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
    return all[container]?.containerID?.replace(/^.*\/\//, '') ?? '';
  }

  /** The processes of the first container of a pod that leads. */
  async family(pod: string): Promise<Family> {
    return until(
      `${pod} has a wrapper and its command`,
      async () => {
        const all = await inmates(this.cluster.containerd, await this.containerId(pod));
        const wrapper = all.find(({ command }) => /^\S*(k8s-leader run|client-go) /.test(command));
        const command = all.find((each) => /^(\.|\/app)\/\w+/.test(each.command));
        return wrapper && command && { wrapper, command, all };
      },
      patience,
    );
  }

  /** Waits until the first container of the pod has been started so often again, and says how it ended before. */
  async restarted(pod: string, times = 1): Promise<Ended> {
    return until(
      `the container of ${pod} has ended ${String(times)} times`,
      async () => {
        const [container] = (await this.pod(pod)).status.containerStatuses ?? [];
        return container && container.restartCount >= times && container.lastState.terminated;
      },
      patience,
    );
  }

  /** Ends all of it, without the patience that pods deserve. */
  async close(): Promise<void> {
    await this.kubectl('delete', 'namespace', this.namespace, '--wait=false');
    const forced = ['--all', '--force', '--grace-period=0', '--wait=false'];
    await this.tryKubectl('delete', 'pods', ...forced);
    await this.tryKubectl('delete', 'persistentvolume', this.namespace, '--wait=false');
  }

  /** For somebody who reads why it failed. */
  async told(): Promise<string> {
    const pods = await this.tryKubectl('get', 'pods', '-o', 'wide');
    const events = await this.tryKubectl('get', 'events', '--sort-by=.lastTimestamp');
    const logs = await this.tryKubectl('get', 'pods', '-o', 'name');
    const each = logs.stdout.split('\n').filter((name) => name !== '');
    const said = await Promise.all(
      each.map((name) =>
        this.tryKubectl('logs', name, '--all-containers', '--prefix', '--tail=30'),
      ),
    );
    const lives = JSON.stringify(await this.lives(), undefined, 1);
    return [pods, events, ...said].map(({ stdout, stderr }) => stdout + stderr).join('\n') + lives;
  }

  #asked(args: readonly string[]): string[] {
    return [`--kubeconfig=${this.cluster.kubeconfig}`, `--namespace=${this.namespace}`, ...args];
  }
}

/** The folder of the stamps, as a volume and a claim that are for each other. */
function volume(namespace: string, path: string): object[] {
  const size = { storage: '1Gi' };
  const common = { accessModes: ['ReadWriteMany'], storageClassName: '' };
  const spec = { ...common, capacity: size, hostPath: { path } };
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim };
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: namespace },
      spec: { ...spec, claimRef },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claim, namespace },
      spec: { ...common, resources: { requests: size }, volumeName: namespace },
    },
  ];
}
