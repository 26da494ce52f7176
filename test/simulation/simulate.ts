/**
 * `npm run simulate -- --runs N --seed S`: N schedules, all different, on all cores; with `--with takeover` those in which
 * every candidate takes over by the certificate of its kubelet. Ends with 1 when one of them
 * breaks a promise; then it is shrunk to the least that still does, and told as a timeline, and the line that plays
 * it again is printed.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { play } from './world.ts';
import { schedules, type Schedule } from './schedule.ts';

/** One seed of fast-check stands for so many schedules. */
const batchSize = 500;
const longestShrinkMs = 30_000;
/** Every fourth batch is one in which people take records away by force. */
const forcedEvery = 4;

// A fault's stack costs more than the fault, and nobody looks at it.
Error.stackTraceLimit = 0;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    path: { type: 'string' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    unshrunk: { type: 'boolean', default: false },
    part: { type: 'string' },
    with: { type: 'string' },
  },
});
if (values.with !== undefined && values.with !== 'takeover')
  throw new Error(`--with ${values.with}: there is only takeover`);
const family = values.with === undefined ? [] : ['--with', values.with];
const runs = Number(values.runs);
const firstSeed = Number(values.seed);
const jobs = Math.min(Number(values.jobs), Math.ceil(runs / batchSize));

interface Tally {
  readonly schedules: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly failure?: string;
}

if (values.path !== undefined) await replay(values.path);
else if (values.part !== undefined) process.send?.(await playBatches(Number(values.part)));
else await playAll();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function playAll(): Promise<void> {
  const startedAtMs = performance.now();
  say(`${String(runs)} schedules on ${String(jobs)} cores: --seed ${String(firstSeed)}`);
  const tallies = await Promise.all(
    Array.from({ length: jobs }, async (_, part) => {
      const tally = await (jobs === 1 ? playBatches(part) : inProcess(part));
      if (tally.failure !== undefined) say(tally.failure);
      return tally;
    }),
  );
  const counts: Record<string, number> = {};
  for (const tally of tallies)
    for (const [what, times] of Object.entries(tally.counts))
      counts[what] = (counts[what] ?? 0) + times;
  const played = tallies.reduce((sum, tally) => sum + tally.schedules, 0);
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0);
  say(
    Object.entries(counts)
      .map(([what, times]) => `${what} ${String(times)}`)
      .join(', '),
  );
  const failures = tallies.filter(({ failure }) => failure !== undefined);
  const found = failures.length === 0 ? '0 violations' : 'a violation was found';
  say(`${String(played)} schedules in ${seconds} s: ${found}`);
  if (failures.length > 0 || played < runs) process.exitCode = 1;
}

function inProcess(part: number): Promise<Tally> {
  const args = ['--runs', values.runs, '--seed', values.seed, '--jobs', String(jobs), ...family];
  if (values.unshrunk) args.push('--unshrunk');
  const worker = fork(import.meta.filename, [...args, '--part', String(part)]);
  return new Promise((resolve, reject) => {
    worker.once('message', (message) => {
      resolve(message as Tally);
    });
    worker.once('exit', (code) => {
      reject(new Error(`a worker has ended with ${String(code)} and no result`));
    });
  });
}

async function playBatches(part: number): Promise<Tally> {
  const counts: Record<string, number> = {};
  let played = 0;
  for (let batch = part; batch * batchSize < runs; batch += jobs) {
    const seed = (firstSeed + batch) | 0;
    const numRuns = Math.min(batchSize, runs - batch * batchSize);
    const property = fc.asyncProperty(schedulesOf(seed), async (schedule) => {
      const story = await play(schedule);
      for (const [what, times] of story.counts) counts[what] = (counts[what] ?? 0) + times;
      return story.violations.length === 0;
    });
    const found = await fc.check(property, { seed, numRuns, endOnFailure: true });
    played += found.numRuns;
    if (!found.failed) continue;
    const path = found.counterexamplePath ?? '0';
    const failure = values.unshrunk ? againAs(seed, path) : await shrunk(seed, path);
    return { schedules: played, counts, failure };
  }
  return { schedules: played, counts };
}

/** The least schedule that still breaks the promise, as far as there is time to look for it. */
async function shrunk(seed: number, path: string): Promise<string> {
  const how = { seed, path, interruptAfterTimeLimit: longestShrinkMs };
  const { counterexample, counterexamplePath } = await fc.check(breaksNothing(seed), how);
  if (!counterexample)
    return 'a violation did not happen again: this is a defect of the simulation';
  return tell(counterexample[0], seed, counterexamplePath);
}

async function replay(path: string): Promise<void> {
  const how = { seed: firstSeed, path, endOnFailure: true };
  const { counterexample } = await fc.check(breaksNothing(firstSeed), how);
  if (!counterexample) say('this schedule keeps every promise');
  else say(await tell(counterexample[0], firstSeed, path));
  if (counterexample) process.exitCode = 1;
}

function breaksNothing(seed: number) {
  return fc.asyncProperty(schedulesOf(seed), async (schedule) => {
    const { violations } = await play(schedule);
    return violations.length === 0;
  });
}

async function tell(schedule: Schedule, seed: number, path: string): Promise<string> {
  const { violations, timeline } = await play(schedule, { verbose: true });
  return [
    JSON.stringify(schedule, null, 1),
    ...timeline,
    ...violations,
    `again: npm run simulate -- ${againAs(seed, path)}`,
  ].join('\n');
}

function againAs(seed: number, path: string): string {
  return [...family, '--seed', String(seed), '--path', path].join(' ');
}

function schedulesOf(seed: number): fc.Arbitrary<Schedule> {
  return schedules({ forced: seed % forcedEvery === 0, takeover: family.length > 0 });
}
