/**
 * `npm run mutate`: builds each defect of `mutations.ts` into a copy of the project, and expects the simulation or the
 * tests to notice. `--some N` tries N of them, chosen by `--seed`; `--only TEXT` those whose name contains it.
 * Ends with 1 when one is not noticed, or does not fit the code any more.
 */
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../support/random.ts';
import { mutations, type Mutation } from './mutations.ts';
import { codeOf, placeOf } from './place.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    some: { type: 'string', default: String(mutations.length) },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    runs: { type: 'string', default: '500' },
  },
});
const project = join(import.meta.dirname, '../..');
const simulated = [
  'src/election/',
  'src/locks/pair',
  'src/library/',
  'src/run/run.ts',
  'src/run/serve.ts',
  'src/run/deadline.ts',
];
/** A mutant may hang instead of failing: that is noticed as well. */
const longestRunMs = 90_000;

const chosen = choose();
say(`${String(chosen.length)} of ${String(mutations.length)} mutations: --seed ${values.seed}`);
const missed: string[] = [];
for (const mutation of chosen) {
  const noticedBy = await examine(mutation);
  if (noticedBy === undefined) missed.push(mutation.name);
  say(`${(noticedBy ?? 'NOT NOTICED').padEnd(16)} ${mutation.name}`);
}
say(`${String(chosen.length - missed.length)} noticed, ${String(missed.length)} not`);
if (missed.length > 0) process.exitCode = 1;

function choose(): Mutation[] {
  const random = seededRandom(Number(values.seed));
  const fitting = mutations.filter(({ name }) => name.includes(values.only));
  const shuffled = fitting
    .map((mutation) => ({ mutation, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, Number(values.some));
  return fitting.filter((each) => shuffled.some(({ mutation }) => mutation === each));
}

/** Who noticed it, if anybody did. */
async function examine(mutation: Mutation): Promise<string | undefined> {
  const copy = mkdtempSync(join(tmpdir(), 'k8s-leader-mutation-'));
  try {
    for (const part of [
      'src',
      'test',
      'bin',
      'native',
      'scripts',
      'package.json',
      'tsconfig.json',
      'vitest.config.ts',
    ])
      cpSync(join(project, part), join(copy, part), { recursive: true });
    symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
    const edited = mutation.edits.map(([from, to]) => edit(copy, from, to));
    if (edited.some((file) => simulated.some((part) => file.startsWith(part)))) {
      const args = ['--runs', values.runs, '--seed', values.seed, '--jobs', '1', '--unshrunk'];
      if (!(await passes(copy, ['test/simulation/simulate.ts', ...args]))) return 'the simulation';
    }
    if (edited.some((file) => file.startsWith('native/'))) await passes(copy, ['native/build.js']);
    if (mutation.tests.some((path) => path.startsWith('test/process/')))
      await passes(copy, ['scripts/build.js']);
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--bail=1'];
    return (await passes(copy, [...vitest, ...mutation.tests])) ? undefined : 'a test';
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** The file, below the copy. @throws {Error} when the code is no longer as the mutation knows it */
function edit(copy: string, from: string, to: string): string {
  const { file, text } = placeOf(from, codeOf(copy));
  writeFileSync(
    join(copy, file),
    text.replace(from, () => to),
  );
  return file;
}

function passes(cwd: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd, timeout: longestRunMs, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 },
      (failure) => {
        resolve(failure === null);
      },
    );
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
