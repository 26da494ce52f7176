/** What each form of the program costs: its start, its memory, its size. All take turns in one run. */
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bin } from '../support/program-under-test.ts';
import { contestants } from './contestants.ts';
import { memoryOf, processorMsOf } from './memory.ts';
import { circumstances } from './place.ts';
import { openStage } from './stage.ts';
import { bareNode, speaker } from './subject.ts';
import { median, note, print, table } from './table.ts';

/** Until timers and garbage collection after the start are over. */
const steadyAfterMs = 1_000;

interface Form {
  readonly name: string;
  readonly argv: (lock: string) => readonly string[];
  /** Prints the version, or as little as it can. */
  readonly version: readonly string[];
  /** Unpacked, of the program alone. */
  readonly bytes: number;
}

interface Samples {
  readonly startMs: number[];
  readonly processorMs: number[];
  readonly versionMs: number[];
  readonly rssMb: number[];
  readonly pssMb: number[];
}

/** Needs `npm run executable`. */
export async function measureForms(rounds: number, command: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-forms-'));
  const stage = await openStage();
  try {
    await stage.becomePod();
    const forms = await formsIn(folder);
    const samples = new Map<Form, Samples>();
    // The first round only fills the page cache.
    for (let round = -1; round < rounds; round++) {
      note(`round ${String(round + 1)} of ${String(rounds)}`);
      for (const form of forms) {
        await stage.deleteLease('forms');
        const subject = stage.start(form.argv('forms'));
        const startMs = (await subject.said('x')) - subject.startedAtMs;
        const processorMs = processorMsOf(subject.pid);
        await delay(steadyAfterMs);
        const { rss, pss } = memoryOf(subject.pid);
        subject.endCommand();
        await subject.closed;
        const asked = performance.now();
        await stage.start(form.version).exited;
        const versionMs = performance.now() - asked;
        if (round >= 0) add(form, { startMs, processorMs, versionMs, rss, pss });
      }
    }
    const theirs = median(samples.get(forms[0]!)?.startMs ?? []);
    const rows = forms.map((form) => rowOf(form, samples.get(form)!, theirs));
    print(table(heads, rows));
    print(`\n${circumstances(command)}`);

    function add(
      form: Form,
      one: Record<'startMs' | 'processorMs' | 'versionMs' | 'rss' | 'pss', number>,
    ) {
      const none = { startMs: [], processorMs: [], versionMs: [], rssMb: [], pssMb: [] };
      const all = samples.get(form) ?? none;
      all.startMs.push(one.startMs);
      all.processorMs.push(one.processorMs);
      all.versionMs.push(one.versionMs);
      all.rssMb.push(one.rss / 1_024);
      all.pssMb.push(one.pss / 1_024);
      samples.set(form, all);
    }
  } finally {
    await stage.close();
    rmSync(folder, { recursive: true });
  }
}

const heads = [
  ...['form', 'start, ms', 'fastest', '× client-go', 'CPU ms', '--version, ms'],
  ...['RSS, MB', 'PSS, MB', 'size, MB'],
];

function rowOf({ name, bytes }: Form, all: Samples, theirs: number): string[] {
  const start = median(all.startMs);
  return [
    name,
    ...[start, Math.min(...all.startMs)].map((ms) => ms.toFixed(0)),
    (start / theirs).toFixed(2),
    ...[median(all.processorMs), median(all.versionMs)].map((ms) => ms.toFixed(0)),
    ...[median(all.rssMb), median(all.pssMb), bytes / 1e6].map((size) => size.toFixed(1)),
  ];
}

/** That of client-go is the first. */
async function formsIn(folder: string): Promise<readonly Form[]> {
  const { theirs } = await contestants();
  const executable = join(dirname(bin), `../build/k8s-leader-linux-${process.arch}`);
  const uncached = join(folder, 'uncached');
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(dirname(bin), '..', part), join(uncached, part), {
      recursive: true,
      filter: (path) => !path.endsWith('.cache') && !path.includes('/library'),
    });
  const ours = (name: string, program: readonly string[], bytes: number): Form => ({
    name,
    argv: (lock) => [...program, 'run', '--lock', lock, '--', ...speaker],
    version: [...program, '--version'],
    bytes,
  });
  const [wrapper = ''] = theirs.commandLine({ lock: '', command: [] });
  return [
    {
      name: 'client-go wrapper',
      argv: (lock) => theirs.commandLine({ lock, command: speaker }),
      version: [wrapper, '-h'],
      bytes: statSync(wrapper).size,
    },
    {
      name: 'bare Node, which only runs the command',
      argv: () => bareNode,
      version: [process.execPath, '--version'],
      bytes: statSync(process.execPath).size,
    },
    ours(
      'npm package, as installed',
      [process.execPath, join(uncached, 'bin/k8s-leader.js')],
      sizeOf(uncached),
    ),
    ours(
      'npm package, with the code that V8 made of it',
      [process.execPath, bin],
      sizeOf(join(dirname(bin), '../dist')),
    ),
    ours('one-file executable', [executable], statSync(executable).size),
  ];
}

function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return files
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/library'))
    .reduce((total, { parentPath, name }) => total + statSync(join(parentPath, name)).size, 0);
}
