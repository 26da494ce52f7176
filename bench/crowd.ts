/** How the cost of one lock grows with the number of its candidates. */
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEntry } from '../test/support/control-plane.ts';
import { contestants } from './contestants.ts';
import { countByVerb, isOpenWatch } from './compare-steady.ts';
import { totalOf, type CrowdFigures } from './crowd-figures.ts';
import { crowdPicture, darkFile } from './crowd-picture.ts';
import { electorCrowd, wrapperCrowd, type Crowd } from './crowds.ts';
import { processorSecondsOf } from './memory.ts';
import { circumstances } from './place.ts';
import { noParticularMoment, openStage, type Account, type Stage } from './stage.ts';
import { medianAndWorst, note, print, table } from './table.ts';

/** More processes of client-go than that do not fit everywhere; what more would ask for is a multiplication. */
const mostWrappers = 100;
const settledAfterMs = 5_000;
const observedForMs = 30_000;
const handOvers = 5;
/** Who was beaten may still be trying. */
const aftermathMs = 1_000;
const heldForMs: [number, number] = [1_000, 3_000];

export interface CrowdOptions {
  readonly sizes: readonly number[];
  /** Where to put the picture. */
  readonly svg: string | undefined;
  readonly command: string;
}

export async function measureCrowd({ sizes, svg, command }: CrowdOptions): Promise<void> {
  const { theirs } = await contestants();
  const stage = await openStage();
  const all: CrowdFigures[] = [];
  try {
    all.push({
      ...(await observe(stage, '')),
      who: 'nobody',
      size: 0,
      handOverMs: [],
      conflicts: [],
    });
    for (const size of sizes) {
      for (const who of ['ours', 'theirs'] as const) {
        if (who === 'theirs' && size > mostWrappers) continue;
        const lock = `crowd-${who}-${size}`;
        const account = await stage.account(lock);
        const crowd =
          who === 'ours' ? electorCrowd(account, lock) : wrapperCrowd(stage, theirs, account, lock);
        note(`${lock}: gathering`);
        try {
          all.push(await measure(stage, crowd, account, { who, size }));
        } finally {
          await crowd.disperse();
        }
      }
    }
  } finally {
    await stage.close();
  }
  print(tableOf(all));
  print(`\n${circumstances(command)}`);
  if (svg === undefined) return;
  writeFileSync(svg, crowdPicture(all, 'light'));
  writeFileSync(darkFile(svg), crowdPicture(all, 'dark'));
}

type Steady = Pick<CrowdFigures, 'requests' | 'openWatches' | 'apiserverSeconds' | 'etcdSeconds'>;

async function measure(
  stage: Stage,
  crowd: Crowd,
  { user }: Account,
  { who, size }: Pick<CrowdFigures, 'who' | 'size'>,
): Promise<CrowdFigures> {
  await crowd.gather(size);
  const steady = await observe(stage, user);
  const handOverMs: number[] = [];
  const windows: { from: string; to: string }[] = [];
  for (let round = 0; round < handOvers; round++) {
    await noParticularMoment(...heldForMs);
    const from = new Date().toISOString();
    handOverMs.push(await crowd.handOver());
    await delay(aftermathMs);
    windows.push({ from, to: new Date().toISOString() });
    note(`${who} of ${size}, hand-over ${round + 1}: ${handOverMs.at(-1)!.toFixed(1)} ms`);
  }
  const refused = (await logOf(stage, user)).filter(({ code }) => code === 409);
  const conflicts = windows.map((window) => refused.filter(isIn(window)).length);
  return { ...steady, who, size, handOverMs, conflicts };
}

/** What it costs while nothing happens. */
async function observe(stage: Stage, user: string): Promise<Steady> {
  const { apiserver, etcd } = stage.controlPlane;
  const seconds = () => [apiserver, etcd].map(({ pid }) => processorSecondsOf(pid ?? 0));
  await delay(settledAfterMs);
  note(`steady state, ${observedForMs / 1_000} s`);
  const from = new Date().toISOString();
  const before = seconds();
  await delay(observedForMs);
  const after = seconds();
  const to = new Date().toISOString();
  const log = await logOf(stage, user);
  const perMinute = 60_000 / observedForMs;
  const counts = countByVerb(log.filter(isIn({ from, to })));
  return {
    requests: new Map([...counts].map(([verb, count]) => [verb, count * perMinute])),
    openWatches: log.filter(isOpenWatch).length,
    apiserverSeconds: (after[0]! - before[0]!) * perMinute,
    etcdSeconds: (after[1]! - before[1]!) * perMinute,
  };
}

async function logOf({ controlPlane }: Stage, user: string): Promise<AuditEntry[]> {
  return (await controlPlane.auditLog()).filter((entry) => entry.user === user);
}

function isIn({ from, to }: { from: string; to: string }) {
  return ({ receivedAt }: AuditEntry): boolean => receivedAt >= from && receivedAt < to;
}

function tableOf(all: readonly CrowdFigures[]): string {
  const names = { ours: 'k8s-leader', theirs: 'client-go', nobody: 'nobody' };
  const heads = ['candidates', 'of', 'hand-over, ms', 'conflicts', 'get/min', 'update/min'];
  const more = ['all/min', 'open watches', 'kube-apiserver CPU s/min', 'etcd CPU s/min'];
  const rows = all.map(({ who, size, requests, handOverMs, conflicts, ...server }) => [
    String(size),
    names[who],
    handOverMs.length === 0 ? '–' : medianAndWorst(handOverMs),
    conflicts.length === 0 ? '–' : medianAndWorst(conflicts),
    ...['get', 'update'].map((verb) => (requests.get(verb) ?? 0).toFixed(0)),
    totalOf(requests).toFixed(0),
    String(server.openWatches),
    server.apiserverSeconds.toFixed(1),
    server.etcdSeconds.toFixed(1),
  ]);
  return table([...heads, ...more], rows);
}
