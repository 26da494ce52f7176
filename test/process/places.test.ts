/** Containers and other places where something is missing that is usually there. */
import { beforeAll, describe } from 'vitest';
import { executable } from '../support/program-under-test.ts';
import { childrenOf, until } from './support/proc.ts';
import { fixture, need, quoted, test, type RunOptions, type Stage } from './support/stage.ts';

beforeAll(() => {
  need('unshare', 'mount', 'setpriv', 'chroot', 'tini');
});

const arbitraryUser = ['setpriv', '--reuid', '12345', '--regid', '12345', '--clear-groups'];

/** Everything is read-only but the stage's folder, which is empty. */
function readOnly(stage: Stage): string[] {
  const mount = `mount -o remount,bind,ro / && mount -t tmpfs -o mode=777 tmpfs ${quoted([stage.folder])}`;
  return ['unshare', '--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh'];
}

/** No programs but these, and Node. */
function onlyWith(stage: Stage, programs: string): string[] {
  return ['unshare', '--mount', fixture('bare-root.sh'), stage.folder, programs];
}

/** Node as a CMD that needs no shell: deaf to TERM, prints "ready". */
const deafNode = [
  process.execPath,
  '-e',
  'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000)',
];

describe.each<[string, (stage: Stage) => RunOptions]>([
  ['with a read-only root', (stage) => ({ before: readOnly(stage) })],
  ['as an arbitrary user', () => ({ before: arbitraryUser })],
  [
    'as an arbitrary user with a read-only root',
    (stage) => ({ before: [...readOnly(stage), ...arbitraryUser] }),
  ],
  ['as PID 1', () => ({ place: 'as PID 1' })],
  ['under an init', () => ({ place: 'under an init' })],
])('%s', (_, options) => {
  test.concurrent('CMD gets a signal, and its exit code is ours', async ({ stage, expect }) => {
    const cmd = 'trap "echo HUP; exit 3" HUP; echo ready; while :; do read -r _; done';
    const wrapper = stage.run(['sh', '-c', cmd], options(stage));
    await wrapper.line(/^ready$/);
    wrapper.signal('SIGHUP');
    await wrapper.line(/^HUP$/);
    expect(await wrapper.exit).toEqual({ status: 3, signal: null });
  });

  test.concurrent('a family deaf to TERM is killed', async ({ stage, expect }) => {
    const flags = ['--stop-timeout', '0.2'];
    const wrapper = stage.run([fixture('family.sh')], { ...options(stage), flags });
    await wrapper.line(/^ready$/);
    wrapper.signal('SIGTERM');
    expect(await wrapper.exit).toEqual({ status: 137, signal: null });
    expect(wrapper.family()).toEqual([]);
    expect(wrapper.stderr).not.toContain('no keeper');
  });

  test.concurrent('CMD dies with us', async ({ stage }) => {
    const wrapper = stage.run([fixture('family.sh')], options(stage));
    await wrapper.line(/^ready$/);
    process.kill(wrapper.wrapperPid, 'SIGKILL');
    await until(() => wrapper.offspring().length === 0);
  });
});

test('nothing but CMD has to be there: no shell, no program', async ({ stage, expect }) => {
  const before = onlyWith(stage, '');
  const wrapper = stage.run(deafNode, { before, flags: ['--stop-timeout', '0.2'] });
  await wrapper.line(/^ready$/);
  wrapper.signal('SIGTERM');
  expect(await wrapper.exit).toEqual({ status: 137, signal: null });
  await wrapper.closed;
  expect(wrapper.stderr).not.toContain('keeper');
  expect(wrapper.family()).toEqual([]);
  expect(stage.lockFile.holder).toBe('');
});

describe('where /proc is that of another PID namespace', () => {
  const before = ['unshare', '--pid', '--fork', '--kill-child', 'tini', '--'];

  test.concurrent(
    'it is not believed: no keeper, and one line says so',
    async ({ stage, expect }) => {
      const wrapper = stage.run(['sh', '-c', 'echo ready; sleep 1000'], { before });
      await wrapper.line(/no keeper, .*: \/proc is that of another PID namespace$/);
      await wrapper.line(/^ready$/);
      process.kill(wrapper.wrapperPid, 'SIGTERM');
      expect(await wrapper.exit).toEqual({ status: 143, signal: null });
    },
  );

  test.concurrent('CMD that is deaf is killed, with its group', async ({ stage, expect }) => {
    const flags = ['--stop-timeout', '0.2'];
    const cmd = ['sh', '-c', 'trap "" TERM; sleep 1000 & echo ready; sleep 1000'];
    const wrapper = stage.run(cmd, { before, flags });
    await wrapper.line(/^ready$/);
    process.kill(wrapper.wrapperPid, 'SIGTERM');
    expect(await wrapper.exit).toEqual({ status: 137, signal: null });
    expect(wrapper.offspring()).toEqual([]);
  });

  test.concurrent(
    '--guard required ends with 69, and no lock is touched',
    async ({ stage, expect }) => {
      const wrapper = stage.run(['echo', 'started'], { before, flags: ['--guard', 'required'] });
      expect(await wrapper.exit).toEqual({ status: 69, signal: null });
      await wrapper.line(/there is no keeper: .*; with --guard auto/);
      expect(wrapper.stdout).toBe('');
      expect(stage.lockFile.exists).toBe(false);
    },
  );
});

describe('where the kernel lets no orphan come to a keeper', () => {
  const before = ['perl', fixture('no-subreaper.pl')];

  // Node cannot ask the kernel; there the keeper does, when somebody leads.
  test.concurrent('nobody takes the keeper for one', async ({ stage, expect }) => {
    const wrapper = stage.run(['echo', 'started'], { before });
    const status = executable === undefined ? 126 : 0;
    expect(await wrapper.exit).toEqual({ status, signal: null });
    await wrapper.line(
      executable === undefined
        ? /"echo" could not be started \(EINVAL: no orphan would come to its keeper\)$/
        : /no keeper, so .*: EINVAL: .*PR_SET_CHILD_SUBREAPER/,
    );
    expect(wrapper.stdout).toBe(executable === undefined ? '' : 'started\n');
    expect(stage.lockFile.holder).toBe('');
  });

  test.concurrent('--guard required does not start CMD', async ({ stage, expect }) => {
    const wrapper = stage.run(['echo', 'started'], { before, flags: ['--guard', 'required'] });
    const status = executable === undefined ? 126 : 69;
    expect(await wrapper.exit).toEqual({ status, signal: null });
    expect(wrapper.stdout).toBe('');
  });
});

// The one file needs none.
test('PID 1 without an init gets a hint, once', async ({ stage, expect }) => {
  const wrapper = stage.run(['true'], { place: 'as PID 1' });
  expect(await wrapper.exit).toEqual({ status: 0, signal: null });
  await wrapper.closed;
  expect(wrapper.lines.filter((line) => line.includes('put an init in front'))).toHaveLength(
    executable === undefined ? 1 : 0,
  );
});

if (executable !== undefined)
  test('PID 1 without an init reaps what is left to it', async ({ stage, expect }) => {
    const wrapper = stage.run(['sh', '-c', 'echo ready; sleep 1000'], { place: 'as PID 1' });
    await wrapper.line(/^ready$/);
    const own = childrenOf(wrapper.wrapperPid);
    // No descendants of CMD, as what somebody executes in a container.
    const inside = ['nsenter', '--target', String(wrapper.wrapperPid), '--pid', '--mount'];
    const orphans = 'for n in 1 2 3 4 5 6 7 8; do sleep 0.2 & done; sleep 1000 & exit';
    const other = stage.start([...inside, 'sh', '-c', orphans]);
    expect(await other.exit).toEqual({ status: 0, signal: null });
    await until(() => childrenOf(wrapper.wrapperPid).length === own.length + 1);
    wrapper.signal('SIGTERM');
    expect(await wrapper.exit).toEqual({ status: 143, signal: null });
  });

test('a leader goes on when CMD takes every process that it may have', async ({
  stage,
  expect,
}) => {
  const greedy =
    'perl -e \'$| = 1; 1 while defined($pid = fork) && $pid; sleep 1000 if defined $pid; print "full\\n"; sleep 1000\'';
  const limit = ['prlimit', '--nproc=120'];
  const wrapper = stage.run(['sh', '-c', greedy], { before: [...arbitraryUser, ...limit] });
  await wrapper.line(/^full$/);
  const { renewTimeUs } = stage.lockFile.record!;
  await until(() => stage.lockFile.record!.renewTimeUs! > renewTimeUs! + 3_000_000);
  wrapper.signal('SIGTERM');
  expect(await wrapper.exit).toEqual({ status: 143, signal: null });
  expect(wrapper.family()).toEqual([]);
});
