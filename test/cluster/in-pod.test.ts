/**
 * The configuration that every pod has. Its folder is always the same one, so the program runs in a
 * mount namespace of its own; that takes root, or a system where anybody may be root in a namespace.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Candidate } from './support/candidate.ts';
import { jsonLog, swift, type Contest } from './support/contest.ts';
import { test } from './support/fixtures.ts';
import { until } from './support/until.ts';

const mountPoint = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Arguments: the folder to mount, then what to run. */
const inMountNamespace = `
mount -t tmpfs none /var/run && mkdir -p ${mountPoint} && mount --bind "$1" ${mountPoint} &&
shift && exec "$@"
`;

interface Pod {
  /** Where the kubelet writes. */
  readonly folder: string;
  run(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<Candidate>;
}

async function podOf(contest: Contest, token: string, namespace: string): Promise<Pod> {
  const { controlPlane } = contest;
  const folder = join(contest.folder, 'serviceaccount');
  await mkdir(folder);
  await writeFile(join(folder, 'token'), token);
  await writeFile(join(folder, 'namespace'), namespace);
  await writeFile(join(folder, 'ca.crt'), await readFile(controlPlane.caFile));
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const launcher = ['unshare', ...asRoot, '--mount', 'sh', '-c', inMountNamespace, 'sh', folder];
  return {
    folder,
    run(command, env = {}) {
      const service = {
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: String(controlPlane.port),
      };
      const args = ['run', '--lock=demo', ...jsonLog, ...swift, '--', ...command];
      return contest.start(args, { launcher, env: { ...service, ...env } });
    },
  };
}

describe.concurrent('in a pod', () => {
  const command = ['sh', '-c', 'echo $LEADER_NAMESPACE'];

  test('the service account is all the configuration it takes', async ({ contest }) => {
    const { token } = await contest.account('a');
    const pod = await podOf(contest, token, `${contest.namespace}\n`);
    const a = await pod.run(command);
    expect(await a.ended).toEqual({ code: 0, signal: null });
    expect(a.stdout).toBe(`${contest.namespace}\n`);
    expect(await contest.looksAndWrites('a')).toEqual(['get 404', 'create 201', 'update 200']);
  });

  test('POD_NAMESPACE says where the Lease is', async ({ contest }) => {
    const { token } = await contest.account('a');
    const pod = await podOf(contest, token, 'elsewhere');
    const a = await pod.run(command, { POD_NAMESPACE: contest.namespace });
    expect(await a.ended).toEqual({ code: 0, signal: null });
    expect(a.stdout).toBe(`${contest.namespace}\n`);
  });

  test('a token that the kubelet has replaced does not cost the term', async ({ contest }) => {
    await contest.account('a');
    const [first, second] = [await contest.revocableToken('a'), await contest.revocableToken('a')];
    const pod = await podOf(contest, first.token, contest.namespace);
    const a = await pod.run(contest.life());
    await contest.nthLife(1);
    await writeFile(join(pod.folder, 'token'), second.token);
    await first.revoke();
    await until('the old token is refused', first.isRefused);
    await contest.nextRequests('a', 4);
    expect(a.log.map(({ event }) => event)).toEqual(['elected', 'started']);
  });
});
