/**
 * A whole Kubernetes cluster of one node, on this machine. It is made in namespaces that run.ts has opened, and ends with
 * them, so it has no end of its own.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../cluster/support/until.ts';
import { controlPlaneBinaries } from '../../control-plane/binaries.ts';
import { tool } from './tool.ts';
import type { ApiRequest } from '../../support/control-plane/api-request.ts';
import { apiserverIn, type Apiserver } from '../../support/control-plane/apiserver.ts';
import { etcdIn } from '../../support/control-plane/etcd.ts';
import { writeKubeconfig } from '../../support/control-plane/kubeconfig.ts';
import { startReaper, type Reaper } from '../../support/control-plane/reaper.ts';
import { serverProcess, type ServerProcess } from '../../support/control-plane/server-process.ts';
import { containerdIn, importImages, type Containerd } from './containerd.ts';
import { networkIn, nodeAddress } from './network.ts';
import { nodeIn, nodeName } from './node.ts';
import { thePlace, type Place } from './place.ts';

/** A running cluster. Its servers can be stopped and started again. */
export interface Cluster {
  /** As the administrator. */
  readonly request: ApiRequest;
  /** Of the administrator, for `kubectl` and `helm`. */
  readonly kubeconfig: string;
  readonly apiserver: ServerProcess;
  readonly kubelet: ServerProcess;
  readonly containerd: Containerd;
  /** Where commands stamp, one folder a namespace. */
  readonly stamps: string;
}

/** Starts it and resolves when the node is ready. */
export async function startCluster(): Promise<Cluster> {
  const place = thePlace();
  const { folder, archives } = place;
  const reaped = join(folder, 'reaped');
  await mkdir(reaped);
  const reaper = await startReaper(reaped);
  const plugins = await networkIn(folder);
  const containerd = await containerdIn(place, plugins, reaper);
  const server = await apiserverOf(folder, reaper);
  await Promise.all([containerd.server.start(), server.apiserver.start()]);
  await importImages(containerd, archives);

  const { request, caFile, adminToken, url } = server;
  const kubeconfig = await writeKubeconfig(folder, caFile, {
    user: { token: adminToken },
    server: url,
  });
  for (const each of controllersIn(place, server, kubeconfig, reaper)) await each.start();
  const parts = { place, kubeconfig, socket: containerd.socket, reaper };
  const { kubelet, proxy } = await nodeIn(parts);
  await Promise.all([kubelet.start(), proxy.start()]);
  await nodeReady(request);
  const stamps = join(folder, 'stamps');
  return { request, kubeconfig, apiserver: server.apiserver, kubelet, containerd, stamps };
}

async function apiserverOf(folder: string, reaper: Reaper): Promise<Apiserver> {
  const binaries = await controlPlaneBinaries();
  const [etcd] = await etcdIn({ folder, file: binaries.etcd, reaper, members: 1 });
  await etcd!.member.start();
  return apiserverIn({
    ...{ folder, file: binaries.apiserver, etcdUrl: etcd!.url, reaper },
    podsReachIt: nodeAddress,
    // There is no DNS that would know the node.
    extraArgs: ['--kubelet-preferred-address-types=InternalIP'],
  });
}

function controllersIn(
  { folder, node }: Place,
  { caFile }: Apiserver,
  kubeconfig: string,
  reaper: Reaper,
): ServerProcess[] {
  const program = (name: string, port: string, args: readonly string[]): ServerProcess =>
    serverProcess({
      file: join(node, name),
      args: [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', ...args],
      logFile: join(folder, `${name}.log`),
      reaper,
      async isReady() {
        const ask = ['--insecure', '--silent', '--fail', `https://127.0.0.1:${port}/healthz`];
        await tool('curl', ask);
        return true;
      },
    });
  const key = join(folder, 'apiserver/service-accounts.key');
  const secrets = [`--service-account-private-key-file=${key}`, `--root-ca-file=${caFile}`];
  return [
    program('kube-controller-manager', '10257', [...secrets, '--use-service-account-credentials']),
    program('kube-scheduler', '10259', []),
  ];
}

interface Readiness {
  readonly status: {
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Waits until the API server says so. */
export function nodeReady(request: ApiRequest): Promise<void> {
  return readiness('the node is ready', request, (status) => status === 'True');
}

/** Waits until the control plane has missed the kubelet for long enough. */
export function nodeNotReady(request: ApiRequest): Promise<void> {
  return readiness('the node is not ready', request, (status) => status !== 'True');
}

async function readiness(
  what: string,
  request: ApiRequest,
  isIt: (status: string | undefined) => boolean,
): Promise<void> {
  await until(
    what,
    async () => {
      const { status, body } = await request<Readiness>('GET', `/api/v1/nodes/${nodeName}`);
      if (status !== 200) return false;
      return isIt(body.status.conditions.find(({ type }) => type === 'Ready')?.status);
    },
    { withinMs: 180_000, everyMs: 100 },
  );
}

/** For `kubectl`: its stdout. */
export function kubectlOf({ kubeconfig }: Pick<Cluster, 'kubeconfig'>) {
  return (...args: string[]): Promise<string> =>
    tool('kubectl', [`--kubeconfig=${kubeconfig}`, ...args]);
}

/** Resolves after so many ms: only where time itself is the fact that a story needs. */
export const pass = (ms: number): Promise<void> => delay(ms);
