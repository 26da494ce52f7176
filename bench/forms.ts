/** What each form of the program costs: its start, its memory, its size. All take turns in one run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { formsIn, type Form } from './form.ts';
import { memoryOf, processorMsOf, wrapperSecondsOf } from './memory.ts';
import { circumstances } from './place.ts';
import { openStage, type Stage } from './stage.ts';
import { speaker, worker, type Subject } from './subject.ts';
import { median, note, print, table } from './table.ts';

/** Until timers and garbage collection after the start are over. */
const steadyAfterMs = 1_000;
const settledAfterMs = 15_000;
const observedForMs = 60_000;

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
        const subject = stage.start(form.argv('forms', speaker));
        const startMs = (await subject.said('x')) - subject.startedAtMs;
        const processorMs = processorMsOf(subject.pid);
        await delay(steadyAfterMs);
        const { rss, pss } = memoryOf(subject.pid);
        subject.endCommand();
        await subject.closed;
        const versionMs = form.version ? await timeOf(stage, form.version) : NaN;
        if (round >= 0) add(form, { startMs, processorMs, versionMs, rss, pss });
      }
    }
    const perMinute = await processorMsAMinute(stage, forms);
    const theirs = median(samples.get(forms[0]!)?.startMs ?? []);
    const rows = forms.map((form) => rowOf(form, samples.get(form)!, theirs, perMinute.get(form)!));
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

/** Until it has ended. */
async function timeOf(stage: Stage, argv: readonly string[]): Promise<number> {
  const asked = performance.now();
  await stage.start(argv).exited;
  return performance.now() - asked;
}

/** Of leaders with what they have besides the command, all at the same time. */
async function processorMsAMinute(
  stage: Stage,
  forms: readonly Form[],
): Promise<Map<Form, number>> {
  const leaders: { form: Form; subject: Subject }[] = [];
  for (const [index, form] of forms.entries()) {
    const subject = stage.start(form.argv(`forms-${index}`, worker));
    await subject.said('x');
    leaders.push({ form, subject });
  }
  note(`steady state, ${(settledAfterMs + observedForMs) / 1_000} s`);
  await delay(settledAfterMs);
  const before = leaders.map(({ subject }) => wrapperSecondsOf(subject));
  await delay(observedForMs);
  const perMinute = new Map<Form, number>();
  for (const [index, { form, subject }] of leaders.entries()) {
    const ms = (wrapperSecondsOf(subject) - before[index]!) * 1_000;
    perMinute.set(form, ms * (60_000 / observedForMs));
    subject.signal('SIGTERM');
    await subject.closed;
  }
  return perMinute;
}

const heads = [
  ...['form', 'start, ms', 'fastest', '× client-go', 'CPU ms', '--version, ms'],
  ...['RSS, MB', 'PSS, MB', 'size, MB', 'CPU ms a minute'],
];

function rowOf({ name, bytes }: Form, all: Samples, theirs: number, perMinute: number): string[] {
  const start = median(all.startMs);
  const figures = [
    ...[start, Math.min(...all.startMs)].map((ms) => ms.toFixed(0)),
    (start / theirs).toFixed(2),
    ...[median(all.processorMs), median(all.versionMs)].map((ms) => ms.toFixed(0)),
    ...[median(all.rssMb), median(all.pssMb), bytes / 1e6].map((size) => size.toFixed(1)),
    perMinute.toFixed(0),
  ];
  return [name, ...figures.map((figure) => (figure === 'NaN' ? '–' : figure))];
}
