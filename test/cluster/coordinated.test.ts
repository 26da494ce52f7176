/** Coordinated leader election, where the server chooses the holder: not a Lease for us. */
import { describe, expect } from 'vitest';
import { lock, textLog } from './support/contest.ts';
import { testOn } from './support/fixtures.ts';

const test = testOn([
  '--feature-gates=CoordinatedLeaderElection=true',
  '--runtime-config=coordination.k8s.io/v1beta1=true',
]);
const spec = { strategy: 'OldestEmulationVersion' };

describe.concurrent('a Lease with spec.strategy', () => {
  test('is refused with 69 and one line, also without --try, and stays untouched', async ({
    contest,
  }) => {
    const before = await contest.createLease(spec);
    const a = await contest.join('a', { flags: [textLog], command: ['echo', 'started'] });
    expect(await a.ended).toEqual({ code: 69, signal: null });
    expect(a.stdout).toBe('');
    expect(a.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(a.stderr).toMatch(/coordinated leader election .*OldestEmulationVersion.*another lock/);
    expect(await contest.lease()).toEqual(before);
    expect((await contest.requests('a')).map(({ verb }) => verb)).toEqual(['get']);
  });

  test('put under a leader ends its term: the command stops, nothing more is written', async ({
    contest,
  }) => {
    const a = await contest.join('a');
    await contest.nthLife(1);
    const before = await contest.patchLease({ spec });
    await a.told('lost');
    expect(await a.ended).toEqual({ code: 79, signal: null });
    expect(await contest.lease()).toEqual(before);
  });

  test('is what doctor and status refuse with 69, too', async ({ contest }) => {
    await contest.createLease(spec);
    const { kubeconfig } = await contest.account('a');
    for (const command of ['doctor', 'status']) {
      const words = [command, '--lock', lock, '--kubeconfig', kubeconfig];
      const program = await contest.start(words);
      expect(await program.ended).toEqual({ code: 69, signal: null });
      const said = /coordinated leader election .*OldestEmulationVersion.*another lock/;
      expect(program.stdout + program.stderr).toMatch(said);
    }
  });
});
