/** containerd on a socket in the folder, with the images of the tests, and what it knows of its containers. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tool } from './tool.ts';
import type { Reaper } from '../../support/control-plane/reaper.ts';
import { serverProcess, type ServerProcess } from '../../support/control-plane/server-process.ts';
import { fullName, imageNames } from '../images/images.ts';
import type { Place } from './place.ts';

export interface Containerd {
  readonly server: ServerProcess;
  readonly socket: string;
  /** Runs `ctr` among the containers of the kubelet, and returns its stdout. */
  readonly ctr: (...args: string[]) => Promise<string>;
}

/** Describes it; it does not run yet. */
export async function containerdIn(
  { folder }: Pick<Place, 'folder'>,
  plugins: string,
  reaper: Reaper,
): Promise<Containerd> {
  const home = join(folder, 'containerd');
  await mkdir(home);
  const socket = join(home, 'socket');
  const configFile = join(home, 'config.toml');
  await writeFile(configFile, configuration(home, socket, plugins));
  const ctr = (...args: string[]): Promise<string> =>
    tool('ctr', ['-a', socket, '-n', 'k8s.io', ...args]);
  const server = serverProcess({
    file: 'containerd',
    args: ['--config', configFile],
    logFile: join(home, 'log'),
    reaper,
    isReady: () => ctr('version').then(() => true),
  });
  return { server, socket, ctr };
}

/** runc, not crun: that one refuses cgroups of the first version that have a tree of the second beside them. */
function configuration(home: string, socket: string, plugins: string): string {
  return `version = 2
root = "${home}/root"
state = "${home}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${fullName(imageNames.pause[0])}"
  # Some machines lack CAP_SYS_RESOURCE, and then no score can be lowered.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${plugins}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "runc"
      SystemdCgroup = false
`;
}

/** Imports all archives, under all names. */
export async function importImages({ ctr }: Containerd, archives: string): Promise<void> {
  for (const [archive, [first, ...others]] of Object.entries(imageNames)) {
    await ctr('images', 'import', join(archives, `${archive}.tar`));
    for (const other of others) await ctr('images', 'tag', fullName(first), fullName(other));
  }
}

/** A process of a container. */
export interface Inmate {
  readonly pid: number;
  /** Its words, joined by blanks. */
  readonly command: string;
}

/** The processes of a container, by the pids that they have here. */
export async function inmates({ ctr }: Containerd, container: string): Promise<Inmate[]> {
  const table = await ctr('tasks', 'ps', container);
  const pids = [...table.matchAll(/^(\d+)\s/gm)].map(([, pid]) => Number(pid));
  const all = await Promise.all(pids.map(async (pid) => ({ pid, command: await commandOf(pid) })));
  return all.filter(({ command }) => command !== '');
}

/** Empty when it has ended in the meantime. */
async function commandOf(pid: number): Promise<string> {
  const words = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');
  return words.replaceAll('\0', ' ').trim();
}

/** When a process was started, by CLOCK_MONOTONIC on a machine that has not slept, to a hundredth of a second. */
export async function startedMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
  // Behind the name, which may hold anything, the fields from the third on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[19]) * 10;
}
