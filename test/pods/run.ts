/**
 * `npm run test:pods`: builds what the node needs, then runs vitest beside it in namespaces of their own for mounts,
 * processes and the network. The end of the namespaces is the end of all of it: of every process, mount, bridge and firewall
 * rule, even after a crash. What the kubelet would set in the kernel it finds as files there, so the machine's settings stay
 * as they are. The cgroups have a parent of their own, which is removed afterwards, like the folder.
 *
 * Where a machine cannot, this says why and ends with 0.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describeUnfit, sbin, whyNot } from './machine.ts';
import { parts } from './parts.ts';
import type { Place } from './support/place.ts';

/** Prepares the namespaces and becomes what else it is told. The folder is on a disk, which an overlay needs. */
const inside = `
set -e
folder=$1; shift
mount -t tmpfs tmpfs /run
mkdir -p "$folder/upper" "$folder/work" "$folder/sysctl" "$folder/stamps"
mount -t overlay overlay -o "lowerdir=/var,upperdir=$folder/upper,workdir=$folder/work" /var
for each in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  copy=$folder/sysctl/$(basename $each)
  cat /proc/sys/$each >"$copy"
  mount --bind "$copy" /proc/sys/$each
done
ip link set lo up
exec "$@"
`;

/** Waits until we close the pipe or are gone, however. Then it ends the namespaces and takes away what outlives them. */
const after = `
trap '' HUP INT TERM
read -r pid
cat >/dev/null
kill -KILL "$pid" 2>/dev/null || true
for attempt in $(seq 100); do
  left=
  for group in /sys/fs/cgroup/"$2" /sys/fs/cgroup/*/"$2"; do
    [ -d "$group" ] || continue
    find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || left=$group
  done
  [ -z "$left" ] && ! kill -0 "$pid" 2>/dev/null && rm -rf "$1" 2>/dev/null && exit 0
  sleep 0.1
done
echo "the tests in pods left $left $1 behind" >&2
exit 1
`;

async function startAfter(folder: string): Promise<ChildProcess> {
  const shell = spawn('/bin/sh', ['-c', after, 'after', folder, basename(folder)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  await once(shell, 'spawn');
  return shell;
}

async function statusOf(child: ChildProcess): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? 1;
}

async function test(args: readonly string[]): Promise<number> {
  const { node, archives } = await parts();
  const folder = await mkdtemp(join(tmpdir(), 'k8s-leader-pods-'));
  try {
    const place: Place = { folder, archives, node };
    const cleaner = await startAfter(folder);
    const apart = ['--mount', '--net', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const vitest = [
      process.execPath,
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      'pods',
      ...args,
    ];
    const child = spawn(
      'unshare',
      [...apart, 'tini', '--', 'sh', '-c', inside, 'inside', folder, ...vitest],
      { stdio: 'inherit', env: { ...process.env, K8S_LEADER_PODS: JSON.stringify(place) } },
    );
    cleaner.stdin?.write(`${String(child.pid)}\n`);
    const status = await statusOf(child);
    cleaner.stdin?.end();
    return (await statusOf(cleaner)) === 0 ? status : status || 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.env['PATH'] = `${process.env['PATH'] ?? ''}:${sbin}`;
const reasons = await whyNot();
if (reasons.length === 0) process.exitCode = await test(process.argv.slice(2));
else process.stderr.write(describeUnfit(reasons));
