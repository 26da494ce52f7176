/** Every command and endpoint with exactly the permissions that `k8s-leader rbac` prints, and not one refused request. */
import { describe, expect } from 'vitest';
import { probe, probes, statusOf } from '../process/support/http.ts';
import { accountOf, apply, printedRbac } from './support/applied.ts';
import { lock, swift, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

const kinds = [
  ['lease', { group: 'coordination.k8s.io', resource: 'leases' }],
  ['configmap', { group: '', resource: 'configmaps' }],
  ['configmap+lease', { group: 'coordination.k8s.io', resource: 'leases' }],
] as const;

/** Runs a command to its end, and returns what it said on stdout. */
async function saidBy(contest: Contest, args: readonly string[]): Promise<string> {
  const command = await contest.start(args);
  const { code } = await command.ended;
  expect([args[0], code, command.stderr]).toEqual([args[0], 0, '']);
  return command.stdout;
}

describe.concurrent('with the printed permissions, and no others,', () => {
  test.for(kinds)(
    'every command and endpoint works on a %s',
    async ([kind, object], { contest }) => {
      const options = ['--lock-kind', kind];
      await apply(contest, await printedRbac(contest, ['--events', ...options]));
      const account = await accountOf(contest, lock, { verb: 'create', ...object });
      const flags = [...swift, '--events', ...options, '--listen', '127.0.0.1:0'];
      const at = [...options, '--lock', lock, '--kubeconfig', account.kubeconfig];
      const report = async (): Promise<unknown> =>
        JSON.parse(await saidBy(contest, ['status', ...at, '-o', 'json']));

      const first = await contest.join('first', { account, flags: [...flags, '-i', 'first'] });
      const firstUrl = (await first.told('listening')).message.replace('listening on ', '');
      await contest.nthLife(1);
      const second = await contest.join('second', { account, flags: [...flags, '-i', 'second'] });
      const secondUrl = (await second.told('listening')).message.replace('listening on ', '');
      await second.told('standing-by');
      const watcher = await contest.start(['status', ...at, '--watch']);
      await until('the live status names the leader', () => /\bfirst\b/.test(watcher.stdout));

      expect(await probes(firstUrl)).toEqual([200, 200, 200]);
      expect(await probes(secondUrl)).toEqual([200, 200, 503]);
      expect((await probe(secondUrl, '/leader')).body).toContain('first');
      expect(await statusOf(secondUrl)).toMatchObject({
        role: 'standby',
        leader: { identity: 'first' },
      });
      const { body } = await probe(firstUrl, '/metrics');
      expect(body).toMatch(/^leader_election_master_status\{name="demo"\} 1$/m);
      expect(await report()).toMatchObject({ holder: 'first' });
      await saidBy(contest, ['doctor', ...at, ...swift]);

      await saidBy(contest, ['step-down', ...at, '--wait', '20s']);
      await contest.nthLife(2);
      expect(await first.ended).toEqual({ code: 79, signal: null });
      await until('the live status follows', () => /\bsecond\b/.test(watcher.stdout));
      expect(await probes(secondUrl)).toEqual([200, 200, 200]);
      expect(await report()).toMatchObject({ holder: 'second' });
      watcher.signal('SIGTERM');
      second.signal('SIGTERM');
      await second.ended;

      const once = [...at, ...swift, '--once', 'v1', '--', 'echo', 'ran'];
      const ran = [await contest.start(['run', ...once]), await contest.start(['run', ...once])];
      for (const each of ran) expect(await each.ended).toEqual({ code: 0, signal: null });
      expect(ran.map(({ stdout }) => stdout).join('')).toBe('ran\n');

      // But for the one look at locks of another kind, which may be refused.
      const refused = (await contest.requests(lock)).filter(({ code }) => code === 403);
      expect(refused.map(({ verb, resource }) => `${verb} ${resource}`)).toEqual([]);
    },
  );
});
