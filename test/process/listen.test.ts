/** The real program under --listen: what probes are told while it looks, stands by, leads, loses and ends. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe } from 'vitest';
import { probe, probes, statusOf, statusOnce, urlOf } from './support/http.ts';
import { listeningPortsOf, until } from './support/proc.ts';
import { quick, signalPrinter, test } from './support/stage.ts';

const listen = ['--listen', '127.0.0.1:0'];
const secret = 'password=hunter2';

describe('with --listen', () => {
  test.concurrent(
    'a leader and a standby are live and ready, one is the leader, and both name it',
    async ({ stage, expect }) => {
      const leader = stage.run(signalPrinter(1), { flags: [...listen, '--identity', 'a'] });
      await leader.line(/^ready$/);
      const standby = stage.run(['true'], { flags: [...listen, '--identity', 'b'] });
      await standby.line(/standing by/);
      const [a, b] = [await urlOf(leader), await urlOf(standby)];
      expect(await probes(a)).toEqual([200, 200, 200]);
      expect(await probes(b)).toEqual([200, 200, 503]);
      expect((await probe(a, '/leader')).body).toBe('a');
      expect((await probe(b, '/leader')).body).toBe('a');
      const status = await statusOf(a);
      expect(status).toMatchObject({ role: 'leader', lock: 'job', namespace: 'default' });
      expect(status.command).toMatchObject({ state: 'running' });
      expect(leader.offspring()).toContain(status.command.pid);
      expect(status.trustLeftSeconds).toBeGreaterThan(5);
      expect(status.trustLeftSeconds).toBeLessThanOrEqual(10);
      expect(await statusOf(b)).toMatchObject({ role: 'standby', leader: { identity: 'a' } });
      leader.signal('SIGTERM');
      expect(await leader.exit).toEqual({ status: 0, signal: null });
      expect(await standby.exit).toEqual({ status: 0, signal: null });
    },
  );

  test.concurrent(
    'nothing tells the arguments of the command, or its environment',
    async ({ stage, expect }) => {
      const wrapper = stage.run([...signalPrinter(1), secret], {
        flags: listen,
        env: { SECRET: secret },
      });
      await wrapper.line(/^ready$/);
      const url = await urlOf(wrapper);
      const paths = ['/livez', '/readyz', '/leader', '/status', '/metrics', '/'];
      const told = await Promise.all(paths.map(async (path) => (await probe(url, path)).body));
      expect(told.join('\n')).not.toContain('hunter2');
      expect(told.join('\n')).not.toContain('signals.js');
    },
  );

  test.concurrent(
    'a standby that cannot see the lock is live, not ready, until it can',
    async ({ stage, expect }) => {
      const leader = stage.run(signalPrinter(1), { flags: quick });
      await leader.line(/^ready$/);
      leader.end();
      await leader.closed;
      stage.lockFile.usurp('somebody');
      const unblock = stage.lockFile.block();
      const standby = stage.run(['true'], { flags: [...listen, ...quick] });
      const url = await urlOf(standby);
      expect(await probes(url)).toEqual([200, 503, 503]);
      await standby.line(/cannot reach the lock/);
      expect(await probes(url)).toEqual([200, 503, 503]);
      unblock();
      await standby.line(/standing by/);
      expect(await probes(url)).toEqual([200, 200, 503]);
    },
  );

  test.concurrent(
    'a leader that cannot renew in time is not live until its command is gone',
    async ({ stage, expect }) => {
      // Lost after a second, and then half a minute to look at that.
      const timings = ['--lease-duration', '30', '--renew-deadline', '1', '--retry-period', '0.2'];
      const flags = [...listen, ...timings, '--on-lost', 'rejoin'];
      const command = ['sh', '-c', 'trap "" TERM; echo ready; read -r _'];
      const wrapper = stage.run(command, { flags });
      await wrapper.line(/^ready$/);
      const url = await urlOf(wrapper);
      const unblock = stage.lockFile.block();
      await wrapper.line(/leadership lost/);
      expect(await probes(url)).toEqual([503, 503, 503]);
      expect((await probe(url, '/livez')).body).toBe(
        'leadership is lost (expired), stopping the command',
      );
      const lost = await statusOf(url);
      expect(lost).toMatchObject({ role: 'lost', loss: 'expired', trustLeftSeconds: null });
      expect(lost.command).toMatchObject({ state: 'stopping', reason: 'lost' });
      unblock();
      wrapper.stdin.write('\n');
      await wrapper.line(/^ready$/, 2);
      expect(await probes(url)).toEqual([200, 200, 200]);
    },
  );

  test.concurrent('a wrapper that stands still answers nothing', async ({ stage, expect }) => {
    const wrapper = stage.run(signalPrinter(1), { flags: [...listen, ...quick] });
    await wrapper.line(/^ready$/);
    const url = await urlOf(wrapper);
    wrapper.signal('SIGSTOP');
    await expect(probe(url, '/livez', 300)).rejects.toThrow(/timeout/);
    wrapper.signal('SIGCONT');
  });

  test.concurrent(
    'it listens until the lock is handed back, and waits for no client',
    async ({ stage, expect }) => {
      const command = ['sh', '-c', 'trap "exit 5" TERM; echo ready; while :; do sleep 0.01; done'];
      const wrapper = stage.run(command, { flags: [...listen, '--identity', 'a'] });
      await wrapper.line(/^ready$/);
      const url = await urlOf(wrapper);
      const idle = connect(Number(new URL(url).port), '127.0.0.1');
      await once(idle, 'connect');
      idle.write('GET /livez HTTP/1.1\r\n');
      wrapper.signal('SIGTERM');
      await once(idle.resume(), 'close');
      expect(stage.lockFile.holder).toBe('');
      expect(await wrapper.exit).toEqual({ status: 5, signal: null });
    },
  );

  test.concurrent(
    'a draining command is told of, and the leader remains one',
    async ({ stage, expect }) => {
      const wrapper = stage.run(signalPrinter(2), { flags: listen });
      await wrapper.line(/^ready$/);
      const url = await urlOf(wrapper);
      wrapper.signal('SIGTERM');
      const status = await statusOnce(url, ({ command }) => command.state === 'stopping');
      expect(status.command.reason).toBe('shutdown');
      expect(await probes(url)).toEqual([200, 200, 200]);
      // Two that are pending at one time are one.
      await wrapper.line(/^TERM$/);
      wrapper.signal('SIGTERM');
      expect(await wrapper.exit).toEqual({ status: 0, signal: null });
    },
  );

  test.concurrent(
    'a taken port ends it with 69 and one line, before the lock is touched',
    async ({ stage, expect }) => {
      const first = stage.run(signalPrinter(1), { flags: listen, lock: 'other' });
      const port = new URL(await urlOf(first)).port;
      await first.line(/^ready$/);
      const flags = ['--listen', `127.0.0.1:${port}`];
      const second = stage.run(['echo', 'started'], { flags });
      expect(await second.exit).toEqual({ status: 69, signal: null });
      await second.closed;
      expect(second.stdout).toBe('');
      expect(second.stderr).toBe(
        `k8s-leader job: error: cannot listen on 127.0.0.1 port ${port}: something else listens there; choose another --listen\n`,
      );
      expect(stage.lockFile.record).toBeUndefined();
    },
  );
});

test('without --listen nothing listens', async ({ stage, expect }) => {
  const wrapper = stage.run(signalPrinter(1));
  await wrapper.line(/^ready$/);
  expect(listeningPortsOf(wrapper.wrapperPid)).toEqual([]);
});

test('CMD does not inherit K8S_LEADER_LISTEN, which would be taken', async ({ stage, expect }) => {
  const env = { K8S_LEADER_LISTEN: '127.0.0.1:0' };
  const wrapper = stage.run(['sh', '-c', 'echo "<$K8S_LEADER_LISTEN>"; cat'], { env });
  await wrapper.line(/^<>$/);
  await until(() => listeningPortsOf(wrapper.wrapperPid).length === 1);
  wrapper.stdin.end();
  expect(await wrapper.exit).toEqual({ status: 0, signal: null });
});
