/** How long nobody works: after a leader's command has ended, and after its wrapper was killed. */
import { program } from '../test/support/program-under-test.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startControlPlane } from '../test/support/control-plane.ts';
import { circumstances } from './place.ts';
import { speaker, Subject } from './subject.ts';
import { median, note, print, table } from './table.ts';

/** Both are given to the wrapper, so the table can say what they are. */
const timings = { lease: 6, renew: 4, retry: 1 };
const byDefault = { lease: 15, renew: 10, retry: 2 };

interface Round {
  /** From the last byte of the old command to the first of the new. */
  readonly gapMs: number;
  /** From the KILL to the end of the old command, which is when nobody holds its stdout any more. */
  readonly orphanMs?: number;
}

type Act = 'ends' | 'is killed';

export async function measureHandOver(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-bench-'));
  const controlPlane = await startControlPlane();
  try {
    const kubeconfig = await controlPlane.kubeconfig({ namespace: 'default' });
    const places: [name: string, flags: string[]][] = [
      ['local', ['--backend', 'local', '--local-file', join(folder, 'locks.db')]],
      ['kube-apiserver', ['--kubeconfig', kubeconfig]],
    ];
    const rows: string[][] = [];
    for (const [place, flags] of places)
      for (const [act, timing] of [
        ['ends', byDefault],
        ['is killed', timings],
      ] as const) {
        const measured: Round[] = [];
        for (let round = 0; round < rounds; round++) {
          note(`${place}, the leader ${act}: ${String(round + 1)} of ${String(rounds)}`);
          measured.push(await measure(act, [...flags, ...flagsOf(timing)]));
        }
        rows.push([
          `${place}, ${Object.values(timing).join('/')}: leader ${act}`,
          ...figures(measured),
        ]);
      }
    const heads = ['seconds', 'median', 'fastest', 'slowest', 'orphan gone after, ms'];
    print(table(heads, rows));
    print(`\n${circumstances(`npm run bench -- handover --rounds ${String(rounds)}`)}`);
  } finally {
    await controlPlane.close();
    rmSync(folder, { recursive: true });
  }
}

function flagsOf({ lease, renew, retry }: typeof timings): string[] {
  return [
    ...['--lease-duration', String(lease), '--renew-deadline', String(renew)],
    ...['--retry-period', String(retry)],
  ];
}

/** One leader, one standby, and the end of the leader at no particular moment. */
async function measure(act: Act, flags: readonly string[]): Promise<Round> {
  const argv = [...program, 'run', '--lock', 'demo', ...flags, '--', ...speaker];
  const leader = new Subject(argv);
  await leader.said('x');
  const standby = new Subject(argv);
  while (!standby.isStandingBy) await delay(10);
  await delay(2_000 * Math.random());

  let round: Round;
  if (act === 'ends') {
    leader.endCommand();
    const endedAtMs = await leader.said('y');
    round = { gapMs: (await standby.said('x')) - endedAtMs };
  } else {
    const killedAtMs = performance.now();
    leader.kill();
    await leader.closed;
    const orphanMs = performance.now() - killedAtMs;
    round = { gapMs: (await standby.said('x')) - killedAtMs, orphanMs };
  }
  standby.endCommand();
  await Promise.all([leader.closed, standby.closed]);
  return round;
}

function figures(rounds: readonly Round[]): string[] {
  const gaps = rounds.map(({ gapMs }) => gapMs / 1_000);
  const orphans = rounds.map(({ orphanMs }) => orphanMs).filter((ms) => ms !== undefined);
  return [
    ...[median(gaps), Math.min(...gaps), Math.max(...gaps)].map((value) => value.toFixed(2)),
    orphans.length === 0 ? '–' : median(orphans).toFixed(0),
  ];
}
