/** `k8s-leader status --history`, on real servers and files: how terms ended, in no write of its own. */
import { describe, expect } from 'vitest';
import type { TermReport } from '../../src/commands/status-history.ts';
import { leaseRules } from './support/accounts.ts';
import type { Candidate } from './support/candidate.ts';
import { lock, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { joinAt, statusAt, stepDownAt, type Place } from './support/places.ts';

async function historyAt(place: Place, contest: Contest): Promise<TermReport[]> {
  const asked = await statusAt(place, contest, '--history', '-o', 'json');
  expect(await asked.ended).toEqual({ code: 0, signal: null });
  return (JSON.parse(asked.stdout) as { history: TermReport[] }).history;
}

const exiting = (status: number) => ['/bin/sh', '-c', `exit ${status}`];
const named = (name: string, ...more: string[]) => ['--identity', name, ...more];

async function crash(candidate: Candidate): Promise<void> {
  candidate.signal('SIGKILL');
  await candidate.ended;
}

describe.concurrent.each<Place>(['lease', 'configmap', 'configmap+lease', 'local'])(
  'on a %s',
  (place) => {
    test('each end is told, the latest first', async ({ contest }) => {
      const failing = await joinAt(place, contest, 'failing', {
        flags: named('failing'),
        command: exiting(3),
      });
      await failing.ended;
      const asked = await joinAt(place, contest, 'asked', { flags: named('asked') });
      await contest.nthLife(1);
      await (
        await stepDownAt(place, contest)
      ).ended;
      expect(await asked.ended).toMatchObject({ code: 79 });
      const dead = await joinAt(place, contest, 'dead', { flags: named('dead') });
      await contest.nthLife(2);
      await crash(dead);
      const next = await joinAt(place, contest, 'next', {
        flags: named('next'),
        command: exiting(0),
      });
      await next.ended;
      const history = await historyAt(place, contest);
      expect(history.map(({ holder, ended, exitStatus }) => [holder, ended, exitStatus])).toEqual([
        ['next', 'released', 0],
        ['dead', 'expired', null],
        ['asked', 'stepped-down', null],
        ['failing', 'released', 3],
      ]);
      const times = history.reverse().flatMap(({ since, until }) => [since, until]);
      expect(times).not.toContain(null);
      expect([...times].sort()).toEqual(times);
    });

    test('a record that was cleared by force is told', async ({ contest }) => {
      const dead = await joinAt(place, contest, 'dead', { flags: named('dead') });
      await contest.nthLife(1);
      await crash(dead);
      await (
        await stepDownAt(place, contest, '--force', '--yes')
      ).ended;
      expect(await historyAt(place, contest)).toMatchObject([{ holder: 'dead', ended: 'cleared' }]);
    });
  },
);

describe.concurrent('on a Lease', () => {
  test('a term costs the requests that it costs without a history', async ({ contest }) => {
    for (const [name, flags] of [
      ['with', []],
      ['without', ['--no-history']],
    ] as const) {
      const candidate = await joinAt('lease', contest, name, { flags, command: exiting(0) });
      await candidate.ended;
    }
    expect(await contest.looksAndWrites('with')).toEqual(['get 404', 'create 201', 'update 200']);
    expect(await contest.looksAndWrites('without')).toEqual([
      'get 200',
      'update 200',
      'update 200',
    ]);
    expect(await historyAt('lease', contest)).toHaveLength(1);
  });

  test.for([
    ['garbage', 'x'.repeat(100_000)],
    ['depth', '['.repeat(100_000)],
    ['terms that nobody had', JSON.stringify([{ holder: '\u001b[2J', since: 7 }, null])],
  ])(
    '%s in the annotation costs nobody the lock, and is replaced',
    async ([, text], { contest }) => {
      await contest.createLease({ holderIdentity: '' });
      await contest.patchLease({ metadata: { annotations: { 'k8s-leader.dev/history': text } } });
      const candidate = await joinAt('lease', contest, 'a', {
        flags: named('a'),
        command: exiting(0),
      });
      expect(await candidate.ended).toMatchObject({ code: 0 });
      expect(await historyAt('lease', contest)).toMatchObject([{ holder: 'a', ended: 'released' }]);
    },
  );

  test('people get a table, for which getting the Lease is enough', async ({ contest }) => {
    const a = await joinAt('lease', contest, 'a', { flags: named('a'), command: exiting(3) });
    await a.ended;
    const { kubeconfig } = await contest.account('onlooker', leaseRules('get'));
    const at = ['status', '--lock', lock, '--kubeconfig', kubeconfig];
    const shown = await contest.start([...at, '--history', '-o', 'wide']);
    expect(await shown.ended).toEqual({ code: 0, signal: null });
    expect(shown.stdout).toMatch(
      /^LOCK +STATE .*\ndemo +free .*\n\nPAST HOLDER +SINCE .*\na +20\S+ +20\S+ .* released +3\n$/,
    );
    expect((await contest.requests('onlooker')).map(({ verb }) => verb)).toEqual(['get']);
  });
});
