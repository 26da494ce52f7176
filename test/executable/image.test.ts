/**
 * The image. No container runtime takes part: BuildKit's own reader says what the Dockerfile means
 * (test/packaging/dockerfile.test.ts), its steps are taken in a folder, and what it names as entry point runs in that, read-only,
 * as the user it names. What a command needs of programs is in the variant with a shell.
 */
import { chmodSync, globSync, lstatSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { Container } from '../packaging/support/container.ts';
import { imageOf, type Image } from '../packaging/support/image.ts';
import { need } from '../process/support/stage.ts';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
/** Nothing but our file; and with a shell. */
let image: Image, debian: Image;
/** What a standby says. */
const waits = /standing by/;
const local = ['run', '--lock', 'demo', '--backend', 'local', '--local-file', '/tmp/locks.db'];

// Go builds the reader once.
beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('this test needs root: it mounts a read-only root');
  need('unshare', 'mount', 'chroot', 'setpriv', 'ldd');
  [image, debian] = [await imageOf(), await imageOf('debian')];
  return () => {
    image.remove();
    debian.remove();
  };
}, 900_000);

function start(from: Image, args?: readonly string[], volume?: string): Container {
  const container = new Container(from, args, volume);
  onTestFinished(async () => {
    container.end();
    await container.exit;
  });
  return container;
}

/** A folder that anybody may write to, as an emptyDir. */
function emptyVolume(): string {
  const volume = mkdtempSync(join(tmpdir(), 'k8s-leader-volume-'));
  chmodSync(volume, 0o777);
  // What runs in a container that has been killed may still write for a moment.
  onTestFinished(() => rm(volume, { recursive: true, maxRetries: 20, retryDelay: 50 }));
  return volume;
}

/** Everything in the image, with what a change would change. */
function inventory({ root }: Image): string[] {
  return globSync('**', { cwd: root }).map((name) => {
    const { mtimeMs, ctimeMs, size, mode } = lstatSync(join(root, name));
    return [name, mode, size, mtimeMs, ctimeMs].join(' ');
  });
}

it('has the program and its licences, and nothing else', () => {
  const files = globSync('**', { cwd: image.root });
  expect(files.filter((name) => lstatSync(join(image.root, name)).isFile()).sort()).toEqual([
    'usr/local/bin/k8s-leader',
    'usr/share/doc/k8s-leader/LICENSE',
    'usr/share/doc/k8s-leader/THIRD-PARTY-NOTICES',
  ]);
  const text = readFileSync(
    join(image.root, 'usr/share/doc/k8s-leader/THIRD-PARTY-NOTICES'),
    'utf8',
  );
  for (const title of [/^QuickJS-ng \d+\.\d+\.\d+ \(MIT\)$/m, /^rustls \d.* \(.*MIT\)/m])
    expect(text).toMatch(title);
  expect(text).toMatch(/^commander \d+\.\d+\.\d+ \(MIT\)$/m);
});

it.each(['README.md', 'docs/deployment.md'])('has what %s copies from it', (page) => {
  const copied = /COPY --from=k8s-leader:\S+ (\S+) \//.exec(readFileSync(page, 'utf8'))?.[1];
  expect(lstatSync(join(image.root, copied ?? '/none')).mode & 0o777).toBe(0o755);
});

it.each([
  ['amd64', 62],
  ['arm64', 183],
] as const)('for %s it has the program for that', async (machine, code) => {
  const there = await imageOf('scratch', machine);
  onTestFinished(there.remove);
  // e_machine of its ELF header.
  expect(readFileSync(join(there.root, 'usr/local/bin/k8s-leader')).readUInt16LE(18)).toBe(code);
});

it('without arguments there is help', async () => {
  const container = start(image);
  expect(await container.exit).toEqual({ status: 0, signal: null });
  await container.closed;
  expect(container.stdout).toContain('k8s-leader run');
  expect(container.stderr).toBe('');
});

it("the exit status is the command's, and nothing but /tmp is written to", async () => {
  const before = inventory(debian);
  const write =
    'for place in / /usr /usr/local/bin /dev /tmp; do echo >$place/x && echo $place; done';
  const whoAmI = 'grep -E "^(Uid|Groups|NoNewPrivs|CapEff):" /proc/self/status';
  const howItIsMounted =
    'while read -r _ place _ how _; do echo "$place ${how%%,*}"; done </proc/mounts';
  const container = start(debian, [
    ...local,
    '--',
    'sh',
    '-c',
    `(${write}) 2>/dev/null; ${whoAmI}; ${howItIsMounted}; exit 42`,
  ]);
  expect(await container.exit).toEqual({ status: 42, signal: null });
  await container.closed;
  expect(container.lines.filter((line) => !line.startsWith('k8s-leader'))).toEqual([
    '/tmp',
    'Uid:\t65532\t65532\t65532\t65532',
    'Groups:\t ',
    'CapEff:\t0000000000000000',
    'NoNewPrivs:\t1',
    '/ ro',
    '/proc rw',
    '/tmp rw',
    '/dev ro',
    ...['null', 'zero', 'random', 'urandom'].map((device) => `/dev/${device} rw`),
  ]);
  expect(container.stderr).not.toContain('no keeper');
  expect(inventory(debian)).toEqual(before);
});

it('a signal reaches the command', async () => {
  const command = 'trap "echo TERM; exit 7" TERM; echo ready; while :; do sleep 0.05; done';
  const container = start(debian, [...local, '--', 'sh', '-c', command]);
  await container.line(/^ready$/);
  container.signal('SIGTERM');
  await container.line(/^TERM$/);
  expect(await container.exit).toEqual({ status: 7, signal: null });
});

it('the next one waits in its turn, and TERM ends the wait', async () => {
  const volume = emptyVolume();
  const command = [
    '--',
    'sh',
    '-c',
    'trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done',
  ];
  const shared = [...local.slice(0, -1), '/tmp/volume/own/locks.db', ...command];
  const contenders = [];
  for (const sign of [/^ready$/, waits, waits]) {
    const contender = start(debian, shared, volume);
    await contender.line(sign);
    contenders.push(contender);
  }
  const [leader, impatient, next] = contenders as [Container, Container, Container];
  impatient.signal('SIGTERM');
  expect(await impatient.exit).toEqual({ status: 143, signal: null });
  leader.signal('SIGTERM');
  expect(await leader.exit).toEqual({ status: 0, signal: null });
  await next.line(/^ready$/);
});

it('a command cannot outlive its killed wrapper, which is the first process', async () => {
  const container = start(debian, [
    ...local,
    '--',
    'sh',
    '-c',
    'echo ready; while :; do sleep 1; done',
  ]);
  await container.line(/^ready$/);
  const command = container.processOf('sh');
  process.kill(container.processOf('k8s-leader'), 'SIGKILL');
  await container.exit;
  expect(() => process.kill(command, 0)).toThrow('ESRCH');
});

it('as an init container it installs a copy, which runs where there is nothing else', async () => {
  const volume = emptyVolume();
  const init = start(image, ['install', '/tmp/volume'], volume);
  expect(await init.exit).toEqual({ status: 0, signal: null });
  await init.closed;
  expect(init.stderr).toBe('');
  expect(readdirSync(volume)).toEqual(['k8s-leader']);
  const copy = lstatSync(join(volume, 'k8s-leader'));
  expect([copy.uid, copy.gid, copy.mode & 0o777]).toEqual([65532, 65532, 0o755]);

  // In any other image, here its own.
  const copied = '/tmp/volume/k8s-leader';
  const there = { ...image, config: { ...image.config, Entrypoint: [copied] } };
  const container = start(there, [...local, '--', copied, '--version'], volume);
  expect(await container.exit).toEqual({ status: 0, signal: null });
  await container.closed;
  expect(container.stdout).toContain(version);
});

it('it installs into a file system in memory as well', async () => {
  const container = start(debian, [
    ...local,
    '--',
    'sh',
    '-c',
    'k8s-leader install /tmp && /tmp/k8s-leader --version',
  ]);
  expect(await container.exit).toEqual({ status: 0, signal: null });
  await container.closed;
  expect(container.stdout).toContain(version);
});

it('a command that is not there is said so', async () => {
  const container = start(image, [...local, '--', 'no-such-command']);
  expect(await container.exit).toEqual({ status: 127, signal: null });
  await container.closed;
  expect(container.stderr).toMatch(/^k8s-leader: .*no-such-command.*\n$/);
});
