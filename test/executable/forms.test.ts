/** Every form in which we come runs the two demos: on a local lock, and on a cluster with the Role that it needs. */
import { spawnSync } from 'node:child_process';
import { copyFile, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { test } from '../cluster/support/fixtures.ts';
import { isReleased } from '../cluster/support/lease.ts';
import { install, type Installed } from '../process/support/installed.ts';
import { pack, type Packed } from '../process/support/packed.ts';
import { bareRoot, executable, startedIn } from './roots.ts';

let packed: Packed;
let installed: Installed;
let bare: string;

beforeAll(async () => {
  packed = await pack();
  installed = await install(packed);
  bare = await bareRoot();
});
afterAll(async () => {
  await installed.remove();
  await packed.remove();
  await rm(bare, { recursive: true, force: true });
});

interface Form {
  readonly program: () => readonly string[];
  /** The root that it runs in, where that is none of the machine's. */
  readonly root?: () => string;
  readonly env?: () => Readonly<Record<string, string>>;
}

const forms: [string, Form][] = [
  [
    'by npx, from the packed package',
    { program: () => installed.npxArgv, env: () => installed.env },
  ],
  [
    'installed globally',
    { program: () => [installed.bin('k8s-leader')], env: () => installed.env },
  ],
  ['as one file', { program: () => [executable] }],
  [
    'as one file, in a root with nothing else',
    { root: () => bare, program: () => startedIn(bare) },
  ],
];

describe.each(forms)('%s', (_, { program, root, env }) => {
  // There is not even a shell in the root: the command is ourselves.
  const command = () => (root ? ['/k8s-leader', '--version'] : ['sh', '-c', 'echo 1.2.3; exit 7']);
  const code = root ? 0 : 7;

  test('the demo on a local lock', ({ contest }) => {
    const file = join(root ? '/tmp' : contest.folder, 'locks.db');
    const flags = ['--lock', 'demo', '--backend', 'local', '--local-file', file];
    const [name = '', ...args] = [...program(), 'run', ...flags, '--', ...command()];
    const options = { encoding: 'utf8', timeout: 60_000 } as const;
    const own = { PATH: process.env['PATH'], HOME: contest.folder, ...env?.() };
    const { status, stdout, stderr } = spawnSync(name, args, { ...options, env: own });
    expect([status, stderr]).toEqual([code, expect.stringMatching(/: released\n$/)]);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+.*\n$/);
  });

  test('the demo on a cluster', async ({ contest }) => {
    const account = await contest.account('a');
    const kubeconfig = root ? '/kubeconfig' : account.kubeconfig;
    if (root) await moveInto(root(), account.kubeconfig);
    const how = { account, kubeconfig, command: command(), program: program(), env: env?.() ?? {} };
    const candidate = await contest.join('a', how);
    expect(await candidate.ended).toEqual({ code, signal: null });
    expect(candidate.stdout).toMatch(/^\d+\.\d+\.\d+.*\n$/);
    expect((await contest.lease())?.spec).toSatisfy(isReleased);
  });
});

/** Puts a kubeconfig where `/kubeconfig` is in the root, and the certificates that it names beside it. */
async function moveInto(root: string, kubeconfig: string): Promise<void> {
  const text = await readFile(kubeconfig, 'utf8');
  const [, ca = ''] = /"certificate-authority": "(.*)"/.exec(text) ?? [];
  await copyFile(ca, join(root, 'ca.crt'));
  await writeFile(join(root, 'kubeconfig'), text.replace(ca, '/ca.crt'));
}

test('the root holds what it says', async () => {
  const names = ['ca.crt', 'dev', 'k8s-leader', 'kubeconfig', 'proc', 'tmp'];
  expect((await readdir(bare)).sort()).toEqual(names);
});
