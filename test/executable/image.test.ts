/**
 * The image. No container runtime takes part: BuildKit's own reader says what the Dockerfile means (dockerfile.test.ts), its
 * steps are taken in a folder, and what it names as entry point runs in that, read-only, as the user it names.
 */
import {
  chmodSync,
  globSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { need } from '../process/support/stage.ts';
import { Container } from './support/container.ts';
import { bareRoot, imageOf, type Image } from './support/image.ts';

/** Go builds the reader once, and npm fills the first stage. */
const longestBuildMs = 900_000;

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
let image: Image;
/** What a standby says. */
const waits = /standing by/;
const local = ['run', '--lock', 'demo', '--backend', 'local', '--local-file', '/tmp/locks.db'];

beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('this test needs root: it mounts a read-only root');
  need('unshare', 'mount', 'chroot', 'setpriv', 'ldd', 'tini');
  image = await imageOf(resolve());
  return image.remove;
}, longestBuildMs);

function start(args?: readonly string[], volume?: string): Container {
  const container = new Container(image, args, volume);
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
  onTestFinished(() => {
    rmSync(volume, { recursive: true });
  });
  return volume;
}

/** Everything in the image, with what a change would change. */
function inventory(): string[] {
  return globSync('**', { cwd: image.root }).map((name) => {
    const { mtimeMs, ctimeMs, size, mode } = lstatSync(join(image.root, name));
    return [name, mode, size, mtimeMs, ctimeMs].join(' ');
  });
}

it('is what the program needs, and its licence', () => {
  const own = globSync('{opt,usr/{local,share}}/**', { cwd: image.root });
  const files = own.filter((name) => lstatSync(join(image.root, name)).isFile());
  expect(files.sort()).toEqual([
    'usr/local/bin/k8s-leader',
    'usr/share/doc/k8s-leader/LICENSE',
    'usr/share/doc/k8s-leader/THIRD-PARTY-NOTICES',
  ]);
  const text = readFileSync(join(image.root, files[2]!), 'utf8');
  expect(text).toMatch(/^Bun \d+\.\d+\.\d+ \(MIT\)$/m);
  expect(text).toMatch(/^commander \d+\.\d+\.\d+ \(MIT\)$/m);
});

it.each(['README.md', 'docs/deployment.md'])('has what %s copies from it', (page) => {
  const copied = /COPY --from=k8s-leader:\S+ (\S+) \//.exec(readFileSync(page, 'utf8'))?.[1];
  expect(lstatSync(join(image.root, copied ?? '/none')).mode & 0o777).toBe(0o755);
});

it(
  'for the other kind of machine its program is compiled on this one',
  async () => {
    const machines = { arm64: 183, amd64: 62 } as const;
    const other = process.arch === 'arm64' ? 'amd64' : 'arm64';
    const there = await imageOf(resolve(), other);
    onTestFinished(there.remove);
    const program = readFileSync(join(there.root, 'usr/local/bin/k8s-leader'));
    // e_machine of its ELF header.
    expect(program.readUInt16LE(18)).toBe(machines[other]);
  },
  longestBuildMs,
);

it('without arguments there is help', async () => {
  const container = start();
  expect(await container.exit).toEqual({ status: 0, signal: null });
  await container.closed;
  expect(container.stdout).toContain('k8s-leader run');
  expect(container.stderr).toBe('');
});

it("the exit status is the command's, and nothing but /tmp is written to", async () => {
  const before = inventory();
  const write =
    'for place in / /usr /usr/local/bin /dev /tmp; do echo >$place/x && echo $place; done';
  const whoAmI = 'grep -E "^(Uid|Groups|NoNewPrivs|CapEff):" /proc/self/status';
  const howItIsMounted =
    'while read -r _ place _ how _; do echo "$place ${how%%,*}"; done </proc/mounts';
  const container = start([
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
  expect(inventory()).toEqual(before);
});

it('a signal reaches the command', async () => {
  const command = 'trap "echo TERM; exit 7" TERM; echo ready; while :; do sleep 0.05; done';
  const container = start([...local, '--', 'sh', '-c', command]);
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
    const contender = start(shared, volume);
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

it('a command cannot outlive its killed wrapper', async () => {
  const container = start([...local, '--', 'sh', '-c', 'echo ready; exec sleep 600']);
  await container.line(/^ready$/);
  process.kill(container.processOf('k8s-leader'), 'SIGKILL');
  expect(await container.exit).toEqual({ status: 137, signal: null });
});

it('as an init container it installs a copy, which runs where there is nothing but glibc', async () => {
  const volume = emptyVolume();
  const init = start(['install', '/tmp/volume'], volume);
  expect(await init.exit).toEqual({ status: 0, signal: null });
  await init.closed;
  expect(init.stderr).toBe('');
  expect(readdirSync(volume)).toEqual(['k8s-leader']);
  const copy = lstatSync(join(volume, 'k8s-leader'));
  expect([copy.uid, copy.gid, copy.mode & 0o777]).toEqual([65532, 65532, 0o755]);

  const root = bareRoot();
  const copied = '/tmp/volume/k8s-leader';
  const bare = { ...image, root, config: { ...image.config, Entrypoint: [copied] } };
  const container = new Container(bare, [...local, '--', copied, '--version'], volume);
  onTestFinished(async () => {
    container.end();
    await container.exit;
    rmSync(root, { recursive: true });
  });
  expect(await container.exit).toEqual({ status: 0, signal: null });
  await container.closed;
  expect(container.stdout).toBe(`${version}\n`);
});

it('it installs into a file system in memory as well', async () => {
  const container = start([
    ...local,
    '--',
    'sh',
    '-c',
    'k8s-leader install /tmp && /tmp/k8s-leader --version',
  ]);
  expect(await container.exit).toEqual({ status: 0, signal: null });
  await container.closed;
  expect(container.lines).toContain(version);
});

it('a command that is not there is said so', async () => {
  const container = start([...local, '--', 'no-such-command']);
  expect(await container.exit).toEqual({ status: 127, signal: null });
  await container.closed;
  expect(container.stderr).toMatch(/^k8s-leader: .*no-such-command.*\n$/);
});
