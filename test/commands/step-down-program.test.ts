/** The real program: `step-down` on a local lock, and the question of `--force` on a terminal. */
import { program } from '../support/program-under-test.ts';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it, test, vi } from 'vitest';
import { localLock } from '../../src/locks/local.ts';
import { sampleRecord } from '../support/record.ts';

const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-step-down-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
const env = { PATH: process.env['PATH'], HOME: folder };
const limits = { timeout: 90_000, killSignal: 'SIGKILL' } as const;
const signal = new AbortController().signal;
const file = join(folder, 'locks.db');
const lock = localLock({ file, namespace: 'default', name: 'demo' });
const argv = [
  ...program,
  'step-down',
  '--lock',
  'demo',
  '--backend',
  'local',
  '--local-file',
  file,
];
const dead = { ...sampleRecord, holder: 'dead', leaseDurationMs: 1_000 };

beforeEach(async () => {
  await lock.write(dead, await lock.read({ signal }), { signal });
});

const holder = async () => (await lock.read({ signal }))?.record.holder;

test.each([
  ['y', 0, ''],
  ['yes', 0, ''],
  ['n', 75, 'dead'],
  ['', 75, 'dead'],
  ['yesterday', 75, 'dead'],
])('--force asks on a terminal; "%s" ends with %i', async (answer, status, left) => {
  const words = [...argv, '--force'].join(' ');
  const program = spawn('script', ['-qefc', words, '/dev/null'], { env, ...limits });
  let drawn = '';
  program.stdout.setEncoding('utf8').on('data', (part: string) => (drawn += part));
  await vi.waitUntil(() => drawn.includes('[y/N]'), { timeout: 90_000 });
  program.stdin.write(`${answer}\r`);
  expect(await once(program, 'exit')).toEqual([status, null]);
  expect(await holder()).toBe(left);
});

test('Ctrl-C at the question ends it, and nothing was done', async () => {
  const words = [...argv, '--force'].join(' ');
  const program = spawn('script', ['-qefc', words, '/dev/null'], { env, ...limits });
  let drawn = '';
  program.stdout.setEncoding('utf8').on('data', (part: string) => (drawn += part));
  await vi.waitUntil(() => drawn.includes('[y/N]'), { timeout: 90_000 });
  program.stdin.write('\u0003');
  await once(program, 'exit');
  expect(await holder()).toBe('dead');
});

it('asks a leader, which has the request to step down on its lock then', async () => {
  const { status, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), { env, ...limits });
  expect([status, String(stdout), String(stderr)]).toEqual([
    0,
    '"dead" has been asked to step down\n',
    '',
  ]);
  const { record } = (await lock.read({ signal }))!;
  const { acquireTimeUs } = dead;
  expect(record).toMatchObject({ ...dead, stepDown: { holder: 'dead', acquireTimeUs } });
});
