/** What makes a node of a machine with containerd: kubelet and kube-proxy; and the cgroups that its pods are in. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Reaper } from '../../support/control-plane/reaper.ts';
import { serverProcess, type ServerProcess } from '../../support/control-plane/server-process.ts';
import { nodeAddress } from './network.ts';
import type { Place } from './place.ts';

export const nodeName = 'node';

export interface NodeParts {
  readonly place: Place;
  readonly kubeconfig: string;
  /** The socket of containerd. */
  readonly socket: string;
  readonly reaper: Reaper;
}

export interface Node {
  readonly kubelet: ServerProcess;
  readonly proxy: ServerProcess;
}

/** Describes both; they do not run yet. */
export async function nodeIn({ place, kubeconfig, socket, reaper }: NodeParts): Promise<Node> {
  const home = join(place.folder, 'kubelet');
  await mkdir(join(home, 'static'), { recursive: true });
  const inHome = (name: string): string => join(home, name);
  await makeGroups(basename(place.folder));
  await writeFile(inHome('resolv.conf'), 'nameserver 127.0.0.1\n');
  await writeFile(inHome('config'), JSON.stringify(kubeletConfiguration(place, home, socket)));
  await writeFile(inHome('proxy'), JSON.stringify(proxyConfiguration(kubeconfig)));
  const server = (name: string, args: readonly string[], health: string): ServerProcess =>
    serverProcess({
      file: join(place.node, name),
      args,
      logFile: inHome(`${name}.log`),
      reaper,
      isReady: async () =>
        (await fetch(`http://127.0.0.1:${health}`, { signal: AbortSignal.timeout(1_000) })).ok,
    });
  const kubelet = [
    ...[`--config=${inHome('config')}`, `--kubeconfig=${kubeconfig}`, `--root-dir=${home}`],
    ...[`--hostname-override=${nodeName}`, `--node-ip=${nodeAddress}`],
    `--cert-dir=${inHome('pki')}`,
  ];
  return {
    kubelet: server('kubelet', kubelet, '10248/healthz'),
    proxy: server('kube-proxy', [`--config=${inHome('proxy')}`], '10256/livez'),
  };
}

function kubeletConfiguration(
  { folder }: Place,
  home: string,
  socket: string,
): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: nodeAddress,
    // Nobody but the tests can reach it.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${basename(folder)}`,
    failCgroupV1: false,
    failSwapOn: false,
    containerRuntimeEndpoint: `unix://${socket}`,
    staticPodPath: join(home, 'static'),
    podLogsDir: join(home, 'logs'),
    resolvConf: join(home, 'resolv.conf'),
    clusterDNS: [],
    enforceNodeAllocatable: ['pods'],
    evictionHard: {
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'memory.available': '100Mi',
    },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    nodeStatusUpdateFrequency: '5s',
    syncFrequency: '10s',
  };
}

function proxyConfiguration(kubeconfig: string): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig },
    hostnameOverride: nodeName,
    mode: 'nftables',
    // It leaves the machine's own setting alone.
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
  };
}

const groups = '/sys/fs/cgroup';

/** The parent of all cgroups of the node, for every controller; run.ts removes it. */
async function makeGroups(name: string): Promise<void> {
  const controllers = await readFile(join(groups, 'cgroup.controllers'), 'utf8').catch(() => '');
  if (controllers !== '') {
    await mkdir(join(groups, name), { recursive: true });
    const wanted = controllers
      .trim()
      .split(' ')
      .map((each) => `+${each}`)
      .join(' ');
    for (const folder of [groups, join(groups, name)])
      await writeFile(join(folder, 'cgroup.subtree_control'), wanted);
    return;
  }
  for (const hierarchy of await readdir(groups))
    if (hierarchy !== 'unified') await mkdir(join(groups, hierarchy, name), { recursive: true });
}
