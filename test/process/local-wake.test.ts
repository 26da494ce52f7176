/** Standbys of a local lock wake by the kernel's word alone: the timers by which they would look again never fire. */
import { readdirSync, readFileSync } from 'node:fs';
import { programWith } from '../support/program-under-test.ts';
import { descriptorsOf, until } from './support/proc.ts';
import { fixture, test } from './support/stage.ts';

/** Nobody renews, and nobody's patience or promise ends. */
const forHours = ['--lease-duration', '9000', '--renew-deadline', '8000', '--retry-period', '2000'];
const turns = 5;

test('a release wakes the next one, turn after turn', async ({ stage, expect }) => {
  const by = programWith(fixture('no-timers.js'));
  const cmd = ['sh', '-c', 'echo leading; read -r _; exit 7'];
  const join = () => stage.run(cmd, { flags: forHours, by });
  let leader = join();
  await leader.line(/^leading$/);
  for (let turn = 0; turn < turns; turn += 1) {
    const standby = join();
    await standby.line(/standing by/);
    await asleep(standby.pid);
    leader.stdin.write('\n');
    await standby.line(/^leading$/);
    expect(await leader.exit).toEqual({ status: 7, signal: null });
    leader = standby;
  }
});

/** Resolves when the process watches a folder and none of its threads has done anything for many looks. */
async function asleep(pid: number): Promise<void> {
  let looks = 0;
  await until(() => {
    looks = watchesFolder(pid) && sleeps(pid) ? looks + 1 : 0;
    return looks >= 50;
  });
}

function watchesFolder(pid: number): boolean {
  const isOne = ([fd, target]: [number, string]) =>
    target === 'anon_inode:inotify' && infoOf(pid, `fdinfo/${fd}`).includes('inotify wd:');
  return [...descriptorsOf(pid)].some(isOne);
}

function sleeps(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => infoOf(pid, `task/${thread}/stat`).includes(') S '));
}

/** Empty when it is gone since it was listed. */
function infoOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
