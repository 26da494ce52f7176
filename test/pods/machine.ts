/** Whether this machine can run a Kubernetes node: what is missing, one line each. */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Debian has all but Go in packages, which `.ci/run` names. */
const needed = [
  ...['containerd', 'containerd-shim-runc-v2', 'ctr', 'runc', 'buildah', 'debootstrap'],
  ...['nft', 'iptables', 'conntrack', 'ip', 'mount', 'unshare', 'tini', 'kubectl', 'go', 'cc'],
];
const plugins = ['bridge', 'host-local', 'loopback'].map((name) => join('/usr/lib/cni', name));
export const sbin = '/usr/sbin:/sbin';

const gigabyte = 2 ** 30;

/** What the node does to the machine, in namespaces that end with it. */
const trial = `
set -e
mkdir -p "$1/lower" "$1/upper" "$1/work" "$1/merged"
mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/merged"
ip link set lo up
ip link add trial0 type bridge
ip link add trial1 type veth peer name trial2
nft add table ip trial
[ -d /sys/fs/cgroup/memory ] || grep -q memory /sys/fs/cgroup/cgroup.controllers
`;

/** Nothing: it can. */
export async function whyNot(): Promise<string[]> {
  if (process.platform !== 'linux') return ['it is not Linux'];
  if (process.getuid?.() !== 0) return ['only root can start a node'];
  const missing = await Promise.all([...needed.map(missingProgram), ...plugins.map(missingFile)]);
  const reasons = missing.filter((reason) => reason !== undefined);
  if (reasons.length > 0) return reasons;
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize < 6 * gigabyte) return [`less than 6 GB are free in ${tmpdir()}`];
  return tryIt();
}

/** Loud enough to be seen in the log of CI. */
export function describeUnfit(reasons: readonly string[]): string {
  const lines = reasons.map((reason) => `   ${reason}\n`).join('');
  return `== DID NOT RUN: the tests in pods. This machine cannot:\n${lines}`;
}

async function tryIt(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'k8s-leader-trial-'));
  const apart = ['--mount', '--net', '--pid', '--fork', '--mount-proc'];
  const group = `/sys/fs/cgroup${await groupOf('memory')}/${folder.slice(folder.lastIndexOf('/') + 1)}`;
  try {
    await promisify(execFile)('unshare', [...apart, 'sh', '-c', trial, 'trial', folder]);
    await promisify(execFile)('sh', ['-c', 'mkdir "$1" && rmdir "$1"', 'trial', group]);
    return [];
  } catch (error) {
    const { stderr = String(error) } = error as { stderr?: string };
    return [
      `it refuses a namespace, a mount, a bridge, a table of nft or a cgroup: ${stderr.trim()}`,
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Of the first version every controller has a tree of its own. */
async function groupOf(controller: string): Promise<string> {
  const folder = `/${controller}`;
  return (await missingFile(`/sys/fs/cgroup${folder}`)) === undefined ? folder : '';
}

async function missingProgram(name: string): Promise<string | undefined> {
  const places = `${process.env['PATH'] ?? ''}:${sbin}`.split(delimiter);
  const found = await Promise.all(places.map((place) => missingFile(join(place, name))));
  return found.includes(undefined) ? undefined : `${name} is not installed`;
}

function missingFile(path: string): Promise<string | undefined> {
  return access(path, constants.F_OK).then(
    () => undefined,
    () => `${path} is not there`,
  );
}
