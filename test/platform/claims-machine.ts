import * as descriptors from '../../src/platform/descriptors.ts';
import { sha256 } from '../../src/platform/digest.ts';
import { readNow } from '../../src/platform/files-now.ts';
import * as machine from '../../src/platform/machine.ts';
import * as processes from '../../src/platform/processes.ts';
import { outputOf } from '../../src/platform/programs.ts';
import * as random from '../../src/platform/random.ts';
import * as self from '../../src/platform/self.ts';
import { pause } from '../../src/platform/timers.ts';
import { failsWith, failure, holds, same, until, type Claim } from './claim.ts';

/** What the failure of a program tells. */
interface Failure extends Error {
  readonly code?: unknown;
  readonly stderr?: string;
  readonly killed?: boolean;
}

const never = new AbortController().signal;
const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };
const how = { env, timeoutMs: 60_000, signal: never };
const shell = (text: string, more = {}) => outputOf('sh', ['-c', text], { ...how, ...more });

export const claimsAboutTheMachine: readonly Claim[] = [
  {
    name: 'what is random has its form, and is not the same twice',
    check() {
      holds(/^[0-9a-f]{16}$/.test(random.randomHex(8)), 'eight bytes are sixteen digits');
      holds(random.randomHex(8) !== random.randomHex(8), 'two are not the same');
      const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
      holds(form.test(random.randomUUID()), 'a UUID is one');
      const numbers = Array.from({ length: 64 }, random.randomNumber);
      holds(
        numbers.every((each) => Number.isInteger(each) && each >= 0 && each < 2 ** 32),
        'they have 32 bits',
      );
      holds(Math.max(...numbers) > 2 ** 30, 'they use all of them');
    },
  },
  {
    name: 'a digest is that of the text in UTF-8',
    check() {
      same(sha256(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
      same(sha256('größe'), 'd353a2671b67afff0941ae456e5c76e9394bd6579774ae7542a6185fb9843384');
    },
  },
  {
    name: 'the machine says who it is, and how long it is up',
    check() {
      same(machine.hostname(), readNow('/proc/sys/kernel/hostname').toString().trim());
      const before = parseFloat(readNow('/proc/uptime').toString()) * 1_000;
      const uptimeMs = machine.uptimeMs();
      const after = parseFloat(readNow('/proc/uptime').toString()) * 1_000;
      holds(before <= uptimeMs + 10 && uptimeMs <= after + 10, 'it is what /proc says');
    },
  },
  {
    name: 'signals and errors have the numbers of Linux',
    check() {
      const { SIGHUP, SIGKILL, SIGTERM, SIGUSR1, SIGSYS } = machine.signalNumbers;
      same([SIGHUP, SIGKILL, SIGTERM, SIGUSR1, SIGSYS], [1, 9, 15, 10, 31]);
      const { ENOENT, EACCES, ENOEXEC, ELOOP } = machine.errorNumbers;
      same([ENOENT, EACCES, ENOEXEC, ELOOP], [2, 13, 8, 40]);
    },
  },
  {
    name: 'this process knows itself',
    check() {
      const status = readNow('/proc/self/status').toString();
      const line = (name: string) =>
        new RegExp(`^${name}:\\s*(\\d+)(?:\\s+(\\d+))?`, 'm').exec(status);
      same(self.ownPid(), Number(line('Pid')?.[1]));
      same(self.parentPid(), Number(line('PPid')?.[1]));
      same(self.effectiveUser(), Number(line('Uid')?.[2]));
      const memoryKiB = self.memoryBytes() / 1_024;
      holds(memoryKiB > 1_000 && memoryKiB < 1_000_000, 'it has some memory');
      holds(self.processorMs() > 0, 'it has done something');
      holds(Math.abs(Date.now() - self.startedAtMs()) < 3_600_000, 'it has begun lately');
      holds(self.environment()['PATH'] !== undefined, 'it has a PATH');
    },
  },
  {
    name: 'a pause lasts, unless it is cut short',
    async check() {
      const beganAtMs = performance.now();
      await pause(50);
      await pause(1, { weak: true });
      holds(performance.now() - beganAtMs >= 45, 'it took its time');
      const over = new AbortController();
      const cut = failure(() => pause(600_000, { signal: over.signal }));
      over.abort();
      await cut;
      await failure(() => pause(600_000, { signal: over.signal }));
    },
  },
  {
    name: 'descriptors tell what they are',
    async check() {
      same([descriptors.isTerminal(999), descriptors.kindOf(999)], [false, 'other']);
      same(typeof descriptors.hasControllingTerminal(), 'boolean');
      same(descriptors.columnsOf(999), undefined);
      await failsWith('EBADF', () => {
        descriptors.writeNow(999, 'x');
      });
      await failsWith('EBADF', () => descriptors.writeSome(999, Buffer.from('x')));
      await failsWith('EBADF', () => descriptors.readSome(999, 1));
      await failure(() => descriptors.reopened(999));
    },
  },
  {
    name: 'a program says something, with its own environment and nothing to read',
    async check() {
      same(await shell('cat; printf %s "$A-ö"', { env: { ...env, A: 'b' } }), 'b-ö');
      same((await shell('head -c 300000 /dev/zero')).length, 300_000);
    },
  },
  {
    name: 'a program that fails tells how',
    async check() {
      const failed = (await failure(() => shell('echo why >&2; exit 3'))) as Failure;
      same([failed.code, failed.stderr], [3, 'why\n']);
      await failsWith('ENOENT', () => outputOf('/none', [], how));
      await failsWith('ENOENT', () => outputOf('surely-no-such-program', [], how));
      await failsWith('EACCES', () => outputOf('/proc/self/status', [], how));
    },
  },
  {
    name: 'a program that takes too long is killed, and so is one that nobody wants any more',
    async check() {
      const late = (await failure(() => shell('exec sleep 600', { timeoutMs: 100 }))) as Failure;
      same(late.killed, true);
      const over = new AbortController();
      const cut = failure(() => shell('exec sleep 600', { signal: over.signal }));
      over.abort();
      await cut;
      await failure(() => shell('true', { signal: over.signal }));
    },
  },
  {
    name: 'a command ends with a code or by a signal, or there is none',
    async check() {
      const start = (text: string) => processes.startCommand(['sh', '-c', text], env, true);
      let isOver = false;
      const coded = start('exit 7');
      coded.onExit(() => (isOver = true));
      const { code, signal } = await coded.ended;
      same([code, signal ?? 'none', isOver], [7, 'none', true]);
      const killed = start('kill -TERM $$; sleep 600');
      same((await killed.ended).signal, 'SIGTERM');
      const none = processes.startCommand(['/none'], env, true);
      same([none.pid ?? 'none', (await none.ended).error], ['none', 'ENOENT']);
    },
  },
  {
    name: 'a command can be signalled with all of its group, for as long as it is there',
    async check() {
      const { pid = 0, ended } = processes.startCommand(['sh', '-c', 'sleep 600'], env, true);
      processes.kill(pid, 0);
      processes.kill(-pid, 'SIGKILL');
      same((await ended).signal, 'SIGKILL');
      await failsWith('ESRCH', () => {
        processes.kill(pid, 0);
      });
    },
  },
  {
    name: 'a keeper has two wires, hears and answers, and its end ends them',
    async check() {
      const script = 'read word <&3; echo "heard $word" >&4; read word <&4; exit 5';
      const keeper = processes.startKeeper('/bin/sh', ['-c', script], []);
      const [outer, inner] = keeper.wires;
      if (!outer || !inner) throw new Error('there are no wires');
      let heard = '';
      const closed: string[] = [];
      inner.on('data', (chunk) => (heard += chunk.toString()));
      inner.on('close', () => closed.push('inner'));
      outer.on('close', () => closed.push('outer'));
      outer.write('hello\n');
      await until(() => heard === 'heard hello\n');
      same([outer.destroyed, inner.destroyed], [false, false]);
      inner.write(Buffer.from('go\n'));
      same((await keeper.ended).code, 5);
      await until(() => closed.length === 2);
      inner.write('nobody hears this\n');
      const none = processes.startKeeper('/none', [], []);
      same(
        [none.pid ?? 'none', none.wires.length, (await none.ended).error],
        ['none', 0, 'ENOENT'],
      );
    },
  },
  {
    name: 'a keeper that hears our end ends',
    async check() {
      const keeper = processes.startKeeper('/bin/sh', ['-c', 'cat <&3; exit 6'], []);
      for (const wire of keeper.wires) wire.end();
      same((await keeper.ended).code, 6);
    },
  },
];
