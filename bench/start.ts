/** How long it takes until the command runs, and what that costs in memory while it does. */
import { program } from '../test/support/program-under-test.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startApiServer, tlsFile } from '../test/support/api-server.ts';
import {
  commandLineOf,
  descendantsOf,
  environmentOf,
  memoryOf,
  processorMsOf,
  sum,
  type Memory,
} from './memory.ts';
import { circumstances, serviceAccountDir, writeServiceAccount } from './place.ts';
import { bareNode, speaker, Subject } from './subject.ts';
import { median, note, print, table } from './table.ts';

interface Case {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The case that this one is compared with. */
  readonly floor: string;
}

interface Sample {
  readonly startMs: number;
  /** Processor time of the node process until then: tells more than the clock on a busy machine. */
  readonly processorMs: number;
  /** Only of some rounds: it takes long. */
  readonly wrapper?: Memory;
  readonly keepers?: Memory;
  readonly keeperCount?: number;
}

const inPidNamespace = ['unshare', '--pid', '--fork', '--kill-child'];
/** Until timers and garbage collection after the start are over. */
const steadyAfterMs = 1_000;
const memoryEvery = 3;

export async function measureStart(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-bench-'));
  const server = await startApiServer();
  try {
    const cases = casesAt(server.url, folder);
    const samples = new Map<string, Sample[]>(cases.map(({ name }) => [name, []]));
    for (let round = -1; round < rounds; round++) {
      note(round < 0 ? 'warming up' : `round ${String(round + 1)} of ${String(rounds)}`);
      for (const each of cases) {
        const sample = await sampleOf(each, round >= 0 && round % memoryEvery === 0);
        // The first round only fills the page cache.
        if (round >= 0) samples.get(each.name)?.push(sample);
      }
    }
    print(tablesOf(cases, samples));
    print(`\n${circumstances(`npm run bench -- start --rounds ${String(rounds)}`)}`);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
}

function casesAt(url: string, folder: string): Case[] {
  const { hostname, port } = new URL(url);
  const caFile = tlsFile('ca.crt');
  writeServiceAccount(serviceAccountDir, { token: 'token', namespace: 'default', caFile });
  const pod = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, kubeconfigFor(url));

  const wrapper = (...flags: string[]) => [
    ...[...program, 'run', '--lock', 'demo', ...flags, '--'],
    ...speaker,
  ];
  const local = wrapper('--backend', 'local', '--local-file', join(folder, 'locks.db'));
  const floor = 'bare node';
  const namespace = 'bare node, PID namespace';
  return [
    { name: 'sh, no node at all', argv: speaker, floor },
    { name: floor, argv: bareNode, floor },
    { name: '--backend local', argv: local, floor },
    { name: 'in-cluster configuration, TLS', argv: wrapper(), env: pod, floor },
    { name: 'kubeconfig, TLS', argv: wrapper('--kubeconfig', kubeconfig), floor },
    { name: namespace, argv: [...inPidNamespace, '--mount-proc', ...bareNode], floor: namespace },
    {
      name: 'local, PID namespace, keepers',
      argv: [...inPidNamespace, '--mount-proc', ...local],
      floor: namespace,
    },
    {
      name: 'local, PID namespace, no keepers',
      argv: [...inPidNamespace, ...local],
      floor: namespace,
    },
  ];
}

/** JSON is YAML too, and the parser has to do the same for it. */
function kubeconfigFor(server: string): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': tlsFile('ca.crt') } }],
    users: [{ name: 'u', user: { token: 'token' } }],
    contexts: [{ name: 'it', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'it',
  });
}

async function sampleOf({ argv, env }: Case, withMemory: boolean): Promise<Sample> {
  const subject = new Subject(argv, env);
  const saidAtMs = await subject.said('x');
  const node = nodeAt(subject.pid);
  const processorMs = node === undefined ? 0 : processorMsOf(node);
  let sample: Sample = { startMs: saidAtMs - subject.startedAtMs, processorMs };
  if (withMemory) {
    await delay(steadyAfterMs);
    sample = { ...sample, ...memoriesOf(node) };
  }
  subject.endCommand();
  await subject.closed;
  return sample;
}

/** The first node process at or below `pid`. */
function nodeAt(pid: number): number | undefined {
  return [pid, ...descendantsOf(pid)].find((each) => commandLineOf(each)[0] === process.execPath);
}

/** Of the wrapper, and of the keepers below it. */
function memoriesOf(wrapper: number | undefined): Partial<Sample> {
  if (wrapper === undefined) return {};
  const keepers = descendantsOf(wrapper).filter(
    (each) => !environmentOf(each).includes('LEADER_TERM='),
  );
  return {
    wrapper: memoryOf(wrapper),
    keepers: sum(keepers.map(memoryOf)),
    keeperCount: keepers.length,
  };
}

function tablesOf(cases: readonly Case[], samples: ReadonlyMap<string, readonly Sample[]>): string {
  const of = (name: string) => samples.get(name) ?? [];
  const starts = (name: string) => of(name).map(({ startMs }) => startMs);
  const ms = (value: number) => value.toFixed(0);
  const speed = cases.map(({ name, floor }) => [
    name,
    ms(median(starts(name))),
    ms(Math.min(...starts(name))),
    ms(Math.max(...starts(name))),
    (median(starts(name)) / median(starts(floor))).toFixed(2),
    (Math.min(...starts(name)) / Math.min(...starts(floor))).toFixed(2),
    ms(median(of(name).map(({ processorMs }) => processorMs))),
  ]);
  const megabytes = (name: string, read: (sample: Sample) => number | undefined) => {
    const values = of(name)
      .map(read)
      .filter((value) => value !== undefined && value > 0);
    return values.length === 0 ? '–' : (median(values as number[]) / 1_024).toFixed(1);
  };
  const memory = cases
    .filter(({ name }) => of(name).some(({ wrapper }) => wrapper))
    .map(({ name }) => [
      name,
      megabytes(name, ({ wrapper }) => wrapper?.peakRss),
      megabytes(name, ({ wrapper }) => wrapper?.rss),
      megabytes(name, ({ wrapper }) => wrapper?.pss),
      String(Math.max(0, ...of(name).map(({ keeperCount = 0 }) => keeperCount))),
      megabytes(name, ({ keepers }) => keepers?.rss),
      megabytes(name, ({ keepers }) => keepers?.pss),
    ]);
  return [
    table(
      [
        'exec to first byte, ms',
        'median',
        'fastest',
        'slowest',
        '× node',
        '× node, fastest',
        'CPU ms',
      ],
      speed,
    ),
    '',
    table(['memory, MB', 'peak RSS', 'RSS', 'PSS', 'keepers', 'their RSS', 'their PSS'], memory),
  ].join('\n');
}
