/**
 * The web applications in examples/, each compiled against the package as it would be published, and run as two
 * replicas: both answer, one leads, and the other one follows it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, symlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import type { Contest } from '../cluster/support/contest.ts';
import { test } from '../cluster/support/fixtures.ts';
import { until } from '../cluster/support/until.ts';
import { pack, type Packed } from '../process/support/packed.ts';
import { builtOnce } from './support/built-once.ts';

const root = join(import.meta.dirname, '../..');
const examples = ['express', 'nestjs'] as const;
const startOf = { express: 'server.ts', nestjs: 'dist/main.js' };
/** An application of its framework is a second or two of computing, and others may be at it. */
const withinMs = 90_000;

let packed: Packed;

beforeAll(async () => {
  packed = await pack();
});
afterAll(() => packed.remove());

interface Replica {
  says(line: RegExp): Promise<RegExpExecArray>;
  /** What it answers to `GET /leader`. */
  state(): Promise<unknown>;
  end(): Promise<{ code: number | null; signal: string | null }>;
}

/** Puts the example beside the package, with the dependencies of its lock file, and compiles it. */
async function install(name: (typeof examples)[number]): Promise<string> {
  const source = join(root, 'examples', name);
  const project = join(packed.project, name);
  await cp(source, project, { recursive: true });
  const lists = ['package.json', 'package-lock.json'];
  const dependencies = await builtOnce({
    name: `example-${name}`,
    sources: lists.map((list) => join(source, list)),
    world: process.version,
    async make(folder) {
      for (const list of lists) await cp(join(source, list), join(folder, list));
      const ci = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
      execFileSync('npm', ci, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    },
  });
  await symlink(join(dependencies, 'node_modules'), join(project, 'node_modules'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', project], { stdio: ['ignore', 2, 2] });
  return project;
}

async function start(contest: Contest, file: string, pod: string): Promise<Replica> {
  const { kubeconfig } = await contest.account(pod);
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NO_COLOR: '1',
      PORT: '0',
      KUBECONFIG: kubeconfig,
      POD_NAME: pod,
      POD_NAMESPACE: contest.namespace,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  const says = (pattern: RegExp) => {
    const find = () => lines.map((line) => pattern.exec(line)).find((match) => match !== null);
    return until(`${pod} says ${String(pattern)}`, find, { withinMs });
  };
  return {
    says,
    async state() {
      const [, port = ''] = await says(/^listening on .*"port":(\d+)/);
      return (await fetch(`http://localhost:${port}/leader`)).json();
    },
    async end() {
      child.kill('SIGTERM');
      const [code, signal] = await closed;
      return { code, signal };
    },
  };
}

describe.each(examples)('%s:', (name) => {
  test(
    'both answer, one leads, and the other follows it',
    { timeout: 600_000 },
    async ({ contest }) => {
      const file = join(await install(name), startOf[name]);
      // Nest ends by the signal that it was sent.
      const orderly =
        name === 'nestjs' ? { code: null, signal: 'SIGTERM' } : { code: 0, signal: null };
      const first = await start(contest, file, 'pod-0');
      await first.says(/leading, fencing token \d+/);
      const second = await start(contest, file, 'pod-1');
      const leader = expect.stringMatching(/^pod-0_/) as string;
      await until(
        'the second knows who leads',
        async () => ((await second.state()) as { leader: string | null }).leader !== null,
        { withinMs },
      );
      expect(await first.state()).toEqual({ isLeader: true, leader });
      expect(await second.state()).toEqual({ isLeader: false, leader });

      expect(await first.end()).toEqual(orderly);
      await second.says(/leading, fencing token \d+/);
      expect(await second.end()).toEqual(orderly);
      await second.says(/the work is gone/);
      const path = `/apis/coordination.k8s.io/v1/namespaces/${contest.namespace}/leases/reports`;
      const { body } = await contest.controlPlane.request('GET', path);
      expect(body.spec?.['holderIdentity']).toBe('');
    },
  );
});
