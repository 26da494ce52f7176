/** Containers and other places where something is missing that is usually there. */
import { beforeAll, describe } from 'vitest';
import { until } from './support/proc.ts';
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
    expect(wrapper.stderr).not.toContain('no guard');
  });

  test.concurrent('CMD dies with us', async ({ stage }) => {
    const wrapper = stage.run([fixture('family.sh')], options(stage));
    await wrapper.line(/^ready$/);
    process.kill(wrapper.wrapperPid, 'SIGKILL');
    await until(() => wrapper.offspring().length === 0);
  });
});

describe('where there is', () => {
  test.concurrent.for<[string, string, RegExp]>([
    ['no shell', '', /no guard, .*: there is no \/bin\/sh$/],
    ['a shell and nothing else', 'sh', /no guard, .*: there is no sleep$/],
    ['no grep', 'sh sleep env', /no guard, .*: there is no grep$/],
  ])('%s, one line says so, and CMD runs', async ([, programs, line], { stage, expect }) => {
    const before = onlyWith(stage, programs);
    const wrapper = stage.run(deafNode, { before, flags: ['--stop-timeout', '0.2'] });
    await wrapper.line(/^ready$/);
    wrapper.signal('SIGTERM');
    expect(await wrapper.exit).toEqual({ status: 137, signal: null });
    await wrapper.closed;
    expect(wrapper.lines.filter((each) => line.test(each))).toHaveLength(1);
    expect(wrapper.lines.filter((each) => each.includes('guard'))).toHaveLength(1);
    expect(wrapper.family()).toEqual([]);
    expect(stage.lockFile.holder).toBe('');
  });

  test.concurrent(
    'the /proc of another PID namespace, it is not believed',
    async ({ stage, expect }) => {
      const before = ['unshare', '--pid', '--fork', '--kill-child', 'tini', '--'];
      const wrapper = stage.run(['sh', '-c', 'echo ready; sleep 1000'], { before });
      await wrapper.line(/no guard, .*: \/proc is that of another PID namespace$/);
      await wrapper.line(/^ready$/);
      process.kill(wrapper.wrapperPid, 'SIGTERM');
      expect(await wrapper.exit).toEqual({ status: 143, signal: null });
    },
  );
});

test('PID 1 without an init gets a hint, once', async ({ stage, expect }) => {
  const wrapper = stage.run(['true'], { place: 'as PID 1' });
  expect(await wrapper.exit).toEqual({ status: 0, signal: null });
  await wrapper.closed;
  expect(wrapper.lines.filter((line) => line.includes('put an init in front'))).toHaveLength(1);
});
