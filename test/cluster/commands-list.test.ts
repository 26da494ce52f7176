/** `k8s-leader list` on the real API server: its own namespace, all of them, and a permission that is missing. */
import { expect } from 'vitest';
import { swift } from './support/contest.ts';
import { test } from './support/fixtures.ts';

test('lists who holds what, and says which permission is missing', async ({ contest }) => {
  const { namespace, controlPlane } = contest;
  const leader = await contest.join('leader', { flags: swift });
  await leader.told('started');
  const kubeconfig = await controlPlane.kubeconfig({ namespace });
  const list = async (...flags: string[]) => {
    const command = await contest.start(['list', '--kubeconfig', kubeconfig, ...flags]);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    return command.stdout;
  };
  expect(await list()).toMatch(/^LOCK +STATE +HOLDER +HELD FOR\ndemo +held +\S+ +\S+\n$/);
  expect(await list('-A', '-o', 'wide')).toMatch(new RegExp(`^${namespace} +demo +held `, 'm'));
  expect(JSON.parse(await list('-o', 'json'))).toMatchObject([{ lock: 'demo', state: 'held' }]);
  expect(await list('-o', 'yaml')).toContain('- lock: demo\n');

  const status = await contest.start([
    ...['status', '--lock', 'demo', '--kubeconfig', kubeconfig, '-o', 'yaml'],
  ]);
  expect(await status.ended).toEqual({ code: 0, signal: null });
  expect(status.stdout).toMatch(/^lock: demo\nnamespace: .*\nlockKind: lease\nstate: held\n/);

  const stranger = await contest.account('stranger', []);
  const refused = await contest.start(['list', '--kubeconfig', stranger.kubeconfig]);
  expect(await refused.ended).toEqual({ code: 77, signal: null });
  expect(refused.stderr).toContain('verbs ["list"]');
});
