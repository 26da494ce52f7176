/**
 * Measures what the tests do not: how fast, how large, how chatty. Prints one line a figure.
 *
 *   node test/cluster/figures.ts
 *
 * The built program is what is measured, with default timings, against a server on the same machine.
 */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { startControlPlane } from '../support/control-plane.ts';
import type { Candidate } from './support/candidate.ts';
import { openContest, type Contest } from './support/contest.ts';
import { gapsMs } from './support/lives.ts';
import { until } from './support/until.ts';

const rounds = 10;
const windowMs = 60_000;
const byDefault: { flags: readonly string[] } = { flags: [] };

function report(what: string, values: readonly number[], unit: string): void {
  const sorted = values.map((value) => Math.round(value)).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  const all = sorted.length > 1 ? `   (${sorted.join(' ')})` : '';
  process.stdout.write(`${what.padEnd(52)} ${String(median).padStart(6)} ${unit}${all}\n`);
}

async function times(count: number, measure: (round: number) => Promise<number>) {
  const values: number[] = [];
  for (let round = 0; round < count; round++) values.push(await measure(round));
  return values;
}

/** From the spawn of the program to the first byte of its command. */
async function startToChild(contest: Contest, name: string): Promise<number[]> {
  const account = await contest.account(name);
  return times(rounds, async () => {
    if (name === 'absent' && (await contest.lease())) await contest.deleteLease();
    const startedAt = performance.now();
    const candidate = await contest.join(name, { ...byDefault, account, command: ['echo', 'hi'] });
    await until('the command says something', () => candidate.stdout, { everyMs: 1 });
    const tookMs = performance.now() - startedAt;
    await candidate.ended;
    return tookMs;
  });
}

/** From the last sign of the old command to the first of the next, after TERM to the leader. */
async function handOver(contest: Contest): Promise<number[]> {
  const account = await contest.account('relay');
  const join = () => contest.join('relay', { ...byDefault, account });
  let leader = await join();
  await contest.nthLife(1);
  for (let round = 1; round <= rounds; round++) {
    const standby = await join();
    await standby.told('standing-by');
    leader.signal('SIGTERM');
    await contest.nthLife(round + 1);
    leader = standby;
  }
  return gapsMs(await contest.lives());
}

async function megabytes(pid: number, field: 'Rss' | 'Pss'): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^${field}: +(\\d+)`, 'm').exec(rollup)?.[1]) / 1_024;
}

async function atRest(contest: Contest): Promise<void> {
  const leader = await contest.join('leader', byDefault);
  await contest.nthLife(1);
  const standby = await contest.join('standby', byDefault);
  await Promise.all([contest.watching('leader'), contest.watching('standby')]);
  const asked = async () =>
    Promise.all(['leader', 'standby'].map(async (name) => (await contest.requests(name)).length));
  const before = await asked();
  await delay(windowMs);
  const after = await asked();
  const both: [string, Candidate][] = [
    ['leader', leader],
    ['standby', standby],
  ];
  for (const [index, [name, { pid }]] of both.entries()) {
    report(`${name}: requests a minute`, [after[index]! - before[index]!], '');
    report(`${name}: RSS`, [await megabytes(pid, 'Rss')], 'MB');
    report(`${name}: PSS`, [await megabytes(pid, 'Pss')], 'MB');
  }
}

const controlPlane = await startControlPlane();
async function inContest<T>(measure: (contest: Contest) => Promise<T>): Promise<T> {
  const contest = await openContest(controlPlane);
  return measure(contest).finally(contest.close);
}
try {
  const bareNode = await times(rounds, () => {
    const startedAt = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return Promise.resolve(performance.now() - startedAt);
  });
  report('bare node, start to end', bareNode, 'ms');
  for (const lease of ['absent', 'released']) {
    const tookMs = await inContest((contest) => startToChild(contest, lease));
    report(`start to the first byte of the command, Lease ${lease}`, tookMs, 'ms');
  }
  report('hand-over after TERM', await inContest(handOver), 'ms');
  await inContest(atRest);
} finally {
  await controlPlane.close();
}
