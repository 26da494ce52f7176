/** What `fence` prints, applied: whom it hinders and whom not, what doctor says of it, and the examples with kubectl. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { need } from '../process/support/stage.ts';
import { lock, type Contest } from './support/contest.ts';
import { applyFence, fenceOff, printedFence, targetIn, tokenOf, write } from './support/fenced.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

async function leads(contest: Contest, holderIdentity: string): Promise<void> {
  await contest.patchLease({ spec: { holderIdentity, leaseDurationSeconds: 15 } });
}

describe.concurrent('by identity', () => {
  test('only the Pod that leads writes, and others are not hindered', async ({ contest }) => {
    await fenceOff(contest, []);
    const { controlPlane } = contest;
    const [a, unbound] = [await tokenOf(contest, 'a'), await tokenOf(contest)];
    await leads(contest, 'a_1');
    await until('the one that leads writes', async () => (await write(contest, a)).status === 200);
    const refused = await write(contest, unbound);
    expect([refused.status, refused.body.message]).toEqual([
      403,
      expect.stringContaining('the token is not bound to a Pod'),
    ]);

    // A name that only begins alike is another Pod.
    await leads(contest, 'a-2_1');
    await until('it is refused', async () => (await write(contest, a)).status === 403);
    const deletion = await controlPlane.request('DELETE', targetIn(contest), undefined, {
      token: a,
    });
    expect(deletion.body.message).toContain('this Pod, a, does not lead; the holder is "a-2_1"');
    const byAdmin = await controlPlane.request('DELETE', targetIn(contest));
    expect(byAdmin.status).toBe(200);
  });

  test('what is printed can be applied again, and changes no record', async ({ contest }) => {
    const yaml = await printedFence(contest, ['--service-account', 'worker']);
    await applyFence(contest.controlPlane, yaml);
    expect((await contest.lease())?.spec).toEqual({});
    // As an election would find it: free.
    await contest.account('worker');
    const a = await contest.join('worker-0', { command: ['echo', 'led'] });
    await a.ended;
    expect(a.stdout).toBe('led\n');
  });
});

describe.concurrent('doctor', () => {
  async function doctor(contest: Contest, token: string, ...flags: readonly string[]) {
    const { controlPlane, namespace } = contest;
    const kubeconfig = await controlPlane.kubeconfig({ user: { token }, namespace });
    const words = ['doctor', '--lock', lock, '--kubeconfig', kubeconfig, '--no-events', ...flags];
    const program = await contest.start(words, { env: { POD_NAME: 'a' } });
    const { code } = await program.ended;
    return { code, fence: program.stdout.split('\n').filter((line) => line.includes(' fence: ')) };
  }

  /** The account may see policies, as an administrator may allow. */
  async function maySee({ controlPlane, namespace }: Contest): Promise<void> {
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    const resources = ['validatingadmissionpolicybindings'];
    const rules = [{ apiGroups: ['admissionregistration.k8s.io'], resources, verbs: ['get'] }];
    const metadata = { name: `see-${namespace}` };
    await controlPlane.request('POST', `${rbac}/clusterroles`, { metadata, rules });
    await controlPlane.request('POST', `${rbac}/clusterrolebindings`, {
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: lock, namespace }],
    });
  }

  test('says what a fence needs where it may not see one', async ({ contest }) => {
    await fenceOff(contest, []);
    const token = await tokenOf(contest, 'a');
    const unseen = '– fence: this account may not see whether one is applied; ';
    expect(await doctor(contest, token)).toEqual({
      code: 0,
      fence: [`${unseen}k8s-leader fence would work here`],
    });
    expect((await doctor(contest, token, '--identity', 'me')).fence).toEqual([
      `${unseen}one by identity would not work here: the identity does not begin with a_, the Pod of our token`,
    ]);
    expect((await doctor(contest, await tokenOf(contest))).fence).toEqual([
      `${unseen}one by identity would not work here: our token is not bound to a Pod`,
    ]);
  });

  test('names the fences of the lock, and what they refuse', async ({ contest }) => {
    await fenceOff(contest, []);
    await maySee(contest);
    const token = await tokenOf(contest, 'a');
    const name = `fence-by-identity.${contest.namespace}.${lock}`;
    const seen = { code: 0, fence: [`✓ fence: ${name} lets this Pod write while it leads`] };
    await until('it may see', async () => (await doctor(contest, token)).fence[0]?.startsWith('✓'));
    expect(await doctor(contest, token)).toEqual(seen);
    expect(await doctor(contest, token, '--identity', 'me')).toEqual({
      code: 78,
      fence: [
        expect.stringMatching(`^✗ fence: ${name} refuses all that CMD writes here: the identity`),
      ],
    });
    await applyFence(contest.controlPlane, await printedFence(contest, ['--by', 'token']));
    expect((await doctor(contest, token)).fence).toEqual([
      `✓ fence: fence-by-token.${contest.namespace}.${lock}: each write of CMD must carry its token`,
      ...seen.fence,
    ]);
  });
});

describe.concurrent('examples/fencing, by token:', () => {
  interface Ended {
    readonly code: number;
    readonly said: string;
  }

  /** Runs a script as the command of a term with that token. */
  async function scripts(contest: Contest) {
    need('kubectl');
    await fenceOff(contest, ['--by', 'token']);
    const { controlPlane, namespace } = contest;
    const token = await tokenOf(contest);
    const kubeconfig = await controlPlane.kubeconfig({ user: { token }, namespace });
    const manifest = join(contest.folder, 'target.yaml');
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'target' } };
    await writeFile(manifest, JSON.stringify({ ...object, data: { text: 'new' } }));
    const run = (fencingToken: number, [script = '', ...args]: readonly string[]) =>
      new Promise<Ended>((resolve) => {
        const file = join(import.meta.dirname, '../../examples/fencing', script);
        const env = {
          PATH: process.env['PATH'],
          HOME: contest.folder,
          KUBECONFIG: kubeconfig,
          LEADER_LOCK: lock,
          LEADER_FENCING_TOKEN: String(fencingToken),
        };
        execFile(file, args, { env }, (error, stdout, stderr) => {
          resolve({ code: Number(error?.code ?? 0), said: stdout + stderr });
        });
      });
    const tokenThere = async () => {
      const { body } = await controlPlane.request('GET', targetIn(contest));
      return body.metadata?.annotations?.['k8s-leader.dev/fencing-token'];
    };
    return { run, manifest, tokenThere };
  }

  const late = expect.stringMatching(
    /token 6 is older than \d+, so its writer has a successor/,
  ) as string;

  test.for(['apply.sh', 'server-side-apply.sh'])('%s', async (script, { contest }) => {
    const { run, manifest, tokenThere } = await scripts(contest);
    expect(await run(7, [script, manifest])).toMatchObject({ code: 0 });
    expect(await tokenThere()).toBe('7');
    expect(await run(6, [script, manifest])).toEqual({ code: 1, said: late });
    expect(await run(8, [script, manifest])).toMatchObject({ code: 0 });
    expect(await tokenThere()).toBe('8');
  });

  test('controller.sh writes on and on, and ends when it is refused', async ({ contest }) => {
    const { run, tokenThere } = await scripts(contest);
    const former = run(6, ['controller.sh', 'target', '0.1']);
    await until('it has written', async () => (await tokenThere()) === '6');
    const token = await tokenOf(contest);
    expect((await write(contest, token, { fencingToken: '7' })).status).toBe(200);
    expect(await former).toEqual({ code: 1, said: late });
    expect(await tokenThere()).toBe('7');
  });
});
