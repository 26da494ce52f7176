/**
 * One lock in a namespace of its own, the candidates for it, and what can be known about all of that
 * without asking them: the Lease, the server's audit log, the lives of their commands.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEntry, ControlPlane } from '../../support/control-plane.ts';
import { startReaper } from '../../support/control-plane/reaper.ts';
import { startProxy, type FaultyProxy } from '../../support/faulty-proxy.ts';
import { accountsIn, type Account, type Accounts } from './accounts.ts';
import { startCandidate, type Candidate } from './candidate.ts';
import { leaseAt, type LeaseClient } from './lease.ts';
import { startRecorder, type Recorder, type RecorderOptions } from './recorder.ts';
import { lifeArgv, readLives, type Habit, type Life } from './lives.ts';
import { until } from './until.ts';

/** Connections of its own that the one look at other kinds of lock may need: it may come while a request is under way. */
export const aside = 1;

export const lock = 'demo';
/** The shortest timings that the peers were measured with. */
export const swift = ['--lease-duration', '6s', '--renew-deadline', '4s', '--retry-period', '1s'];
/** A server that is started again may take longer than the default renew deadline, on a busy machine. */
export const patient = ['--lease-duration', '60s', '--renew-deadline', '50s'];
/** What happens within a second or two cannot be a renewal, or a look. */
export const unhurried = [
  '--lease-duration',
  '15s',
  '--renew-deadline',
  '10s',
  '--retry-period',
  '5s',
];
/** Where luck is part of the schedule: ROUNDS says how often it is tried. */
export const rounds = Array.from({ length: Number(process.env['ROUNDS'] ?? 2) }, (_, n) => n + 1);

/** A log that tests can read. */
export const jsonLog = ['--log-format=json', '--log-level=debug'];

/** A log as people get it. */
export const textLog = '--log-format=text';

/** How a candidate takes part. */
export interface Participation {
  /** Default: an account of that name, which may get, create, update and watch Leases and nothing else. */
  readonly account?: Account;
  /** Default: the account's. */
  readonly kubeconfig?: string;
  /** Default: {@link swift}. Logs as {@link jsonLog}, unless {@link textLog} is among them. */
  readonly flags?: readonly string[];
  /** Default: a command that records its life and ends with the first TERM. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly launcher?: readonly string[];
  /** By default the form of the program that is under test. */
  readonly program?: readonly string[];
}

export interface Contest extends LeaseClient, Accounts {
  readonly controlPlane: ControlPlane;
  readonly namespace: string;
  /** For whatever a test has to write; ends with the contest. */
  readonly folder: string;
  /** Starts a candidate. */
  join(name: string, how?: Participation): Promise<Candidate>;
  /** Starts a candidate whose connections go through a proxy of its own. */
  joinThroughProxy(name: string, how?: Participation): Promise<Candidate & { proxy: FaultyProxy }>;
  /** `k8s-leader` with any arguments, in an environment that leads to no cluster. */
  start(
    args: readonly string[],
    how?: Pick<Participation, 'env' | 'launcher' | 'program'>,
  ): Promise<Candidate>;
  /** A command that records its life. */
  life(...habits: Habit[]): [string, ...string[]];
  lives(): Promise<Life[]>;
  /** The n-th life, from 1, once so many of its processes have come as far as to have their habits. */
  nthLife(n: number, processes?: number): Promise<Life>;
  /** What an account has asked the server for, but for what it has only looked at, once: locks of other kinds. */
  requests(account: string): Promise<AuditEntry[]>;
  /** With that. */
  allRequests(account: string): Promise<AuditEntry[]>;
  /** The same but for watches: `<verb> <status>`. */
  looksAndWrites(account: string): Promise<string[]>;
  /** Waits until the server is watched by the account. */
  watching(account: string): Promise<AuditEntry>;
  /** The same without the first `count`, once there are any. */
  requestsBeyond(account: string, count: number): Promise<AuditEntry[]>;
  /** Waits until the account has asked so many more times. */
  nextRequests(account: string, count: number): Promise<unknown>;
  proxy(): Promise<FaultyProxy>;
  recorder(options: Omit<RecorderOptions, 'controlPlane'>): Promise<Recorder>;
  /** All that all candidates have said on stderr. */
  said(): string;
  close(): Promise<void>;
}

function isOpenWatch({ verb, code, stage }: AuditEntry): boolean {
  return verb === 'watch' && code === 200 && stage === 'ResponseStarted';
}

/** A contest of its own for `check`; when that fails, all that the candidates have said is told. */
export async function inContest(
  controlPlane: ControlPlane,
  check: (contest: Contest) => Promise<void>,
): Promise<void> {
  const contest = await openContest(controlPlane);
  try {
    await check(contest);
  } catch (error) {
    process.stderr.write(`${contest.said()}\n`);
    throw error;
  } finally {
    await contest.close();
  }
}

export async function openContest(controlPlane: ControlPlane): Promise<Contest> {
  const namespace = `contest-${randomUUID().slice(0, 8)}`;
  const folder = await mkdtemp(join(tmpdir(), 'k8s-leader-contest-'));
  const reaper = await startReaper(folder);
  const lifeFolder = join(folder, 'lives');
  const home = join(folder, 'home');
  await mkdir(lifeFolder);
  await mkdir(home);
  const created = await controlPlane.request('POST', '/api/v1/namespaces', {
    metadata: { name: namespace },
  });
  if (created.status !== 201) throw new Error(`namespace ${namespace}: ${created.status}`);
  const candidates: Candidate[] = [];
  const proxies: FaultyProxy[] = [];
  const recorders: Recorder[] = [];

  const contest: Contest = {
    controlPlane,
    namespace,
    folder,
    ...accountsIn(controlPlane, namespace),
    ...leaseAt(controlPlane.request, { namespace, name: lock }),

    async start(args, { env = {}, ...how } = {}) {
      // Most are about what a lock costs, for which accounts may do nothing else.
      const world = { HOME: home, K8S_LEADER_EVENTS: 'no', ...env };
      const candidate = await startCandidate({ ...how, args, env: world, reaper });
      candidates.push(candidate);
      return candidate;
    },

    async join(name, how = {}) {
      const { flags = swift, command = contest.life() } = how;
      const kubeconfig =
        how.kubeconfig ?? (how.account ?? (await contest.account(name))).kubeconfig;
      const logging = flags.includes(textLog) ? [] : jsonLog;
      // A local lock is reached without one, and refuses it.
      const connecting = flags.includes('local') ? [] : ['--kubeconfig', kubeconfig];
      return contest.start(
        ['run', '--lock', lock, ...connecting, ...logging, ...flags, '--', ...command],
        how,
      );
    },

    async joinThroughProxy(name, how = {}) {
      const { token } = how.account ?? (await contest.account(name));
      const proxy = await contest.proxy();
      const user = { token };
      const kubeconfig = await controlPlane.kubeconfig({ user, namespace, server: proxy.url });
      return Object.assign(await contest.join(name, { ...how, kubeconfig }), { proxy });
    },

    life: (...habits) => lifeArgv(lifeFolder, habits),
    lives: () => readLives(lifeFolder),
    nthLife: (n, processes = 1) =>
      until(`life ${n} with ${processes} processes`, async () => {
        const life = (await contest.lives())[n - 1];
        return life && life.pids.size >= processes && life;
      }),

    async requests(account) {
      const all = await contest.allRequests(account);
      const first = all.slice(0, 1);
      const own = [...first, ...all.filter(({ verb }) => verb !== 'get')];
      const resources = new Set(own.map(({ resource }) => resource));
      return all.filter(({ resource }) => resources.has(resource));
    },

    async allRequests(account) {
      const user = `system:serviceaccount:${namespace}:${account}`;
      return (await controlPlane.auditLog()).filter((entry) => entry.user === user);
    },

    async looksAndWrites(account) {
      const asked = (await contest.requests(account)).filter(({ verb }) => verb !== 'watch');
      return asked.map(({ verb, code }) => `${verb} ${code}`);
    },

    watching(account) {
      const open = async () => (await contest.requests(account)).find(isOpenWatch);
      return until(`a watch of ${account}`, open);
    },

    requestsBeyond(account, count) {
      const ask = async () => {
        const later = (await contest.requests(account)).slice(count);
        return later.length > 0 && later;
      };
      return until(`more than ${count} requests of ${account}`, ask, { everyMs: 100 });
    },
    async nextRequests(account, count) {
      const { length } = await contest.requests(account);
      return contest.requestsBeyond(account, length + count - 1);
    },

    async proxy() {
      const proxy = await startProxy(controlPlane.port);
      proxies.push(proxy);
      return proxy;
    },

    async recorder(options) {
      const recorder = await startRecorder({ controlPlane, ...options });
      recorders.push(recorder);
      return recorder;
    },

    said: () => candidates.map(({ pid, stderr }) => `${pid}:\n${stderr}`).join('\n'),

    async close() {
      await reaper.reap();
      await Promise.all(candidates.map(({ ended }) => ended));
      await Promise.all([...proxies, ...recorders].map((server) => server.close()));
    },
  };
  return contest;
}
