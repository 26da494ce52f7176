/** One candidate of a round: the real program behind a proxy of its own, with what a seed has chosen for it. */
import { randomUUID } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RevocableToken } from '../cluster/support/accounts.ts';
import { startCandidate, type Candidate, type Ended } from '../cluster/support/candidate.ts';
import { startProxy, type FaultyProxy } from '../support/faulty-proxy.ts';
import type { Arena, Pitch, RoundAccount } from './arena.ts';
import type { Chance } from './chance.ts';
import { monotonicMs } from './monotonic.ts';

export interface Timing {
  readonly leaseS: number;
  readonly renewMs: number;
  readonly retryMs: number;
}

export interface Plan {
  readonly timing: Timing;
  readonly onLost: 'exit' | 'rejoin';
  readonly stopTimeoutMs: number;
  /** Arguments of family.pl behind the folder. */
  readonly family: readonly string[];
  /** Shared with others now and then; by default its own. */
  readonly identity: string | undefined;
}

export interface Contender {
  /** As it is called in the timeline. */
  readonly name: string;
  readonly mark: string;
  readonly plan: Plan;
  readonly account: RoundAccount;
  readonly candidate: Candidate;
  readonly proxy: FaultyProxy;
  readonly kubeconfig: string;
  /** A token that can be revoked, where credentials are among the faults. */
  token: RevocableToken | undefined;
  /** Signals of ours to it. */
  readonly signals: Set<NodeJS.Signals>;
  killedAtMs: number | undefined;
  end: (Ended & { readonly atMs: number }) | undefined;
}

const timings: readonly (readonly [number, Timing])[] = [
  [4, { leaseS: 3, renewMs: 2_000, retryMs: 500 }],
  [2, { leaseS: 2, renewMs: 1_000, retryMs: 200 }],
  [1, { leaseS: 4, renewMs: 2_500, retryMs: 500 }],
];

/** What a candidate is like. Deaf families need more than a TERM, others end when it suits them least. */
export function planOf(chance: Chance): Plan {
  const onTerm = chance.weighted<string>([
    [3, 'deaf'],
    [2, 'dies'],
    [2, String(chance.whole(50, 800))],
  ]);
  const endsAfterMs = chance.isTrue(0.15) ? chance.whole(300, 6_000) : 0;
  return {
    timing: chance.weighted(timings),
    onLost: chance.oneOf(['exit', 'rejoin']),
    stopTimeoutMs: chance.whole(300, 1_000),
    family: [
      onTerm,
      String(endsAfterMs),
      ...chance.some(['sibling', 'exile', 'daemon', 'stranger'], 0.45),
    ],
    identity: undefined,
  };
}

export interface Entry {
  readonly arena: Arena;
  readonly pitch: Pitch;
  readonly account: RoundAccount;
  readonly name: string;
  readonly lock: string;
  readonly lives: string;
  readonly plan: Plan;
  /** Whether its token can be revoked. */
  readonly revocable: boolean;
}

export async function enter(entry: Entry): Promise<Contender> {
  const { arena, pitch, account, name, lock, lives, plan } = entry;
  const { timing, onLost, stopTimeoutMs, family, identity } = plan;
  const mark = randomUUID();
  const proxy = await startProxy(arena.controlPlane.port);
  const token = entry.revocable ? await pitch.office.revocableToken(account.name) : undefined;
  const kubeconfig = join(arena.folder, `kubeconfig-${mark}`);
  await writeToken(arena, { kubeconfig, proxy, pitch, token: (token ?? account).token });
  const script = join(import.meta.dirname, 'family.pl');
  const candidate = await startCandidate({
    args: [
      ...['run', '--lock', lock, '--kubeconfig', kubeconfig, '--identity', identity ?? name],
      ...['--lease-duration', `${timing.leaseS}s`, '--renew-deadline', `${timing.renewMs}ms`],
      ...['--retry-period', `${timing.retryMs}ms`, '--on-lost', onLost],
      ...['--stop-timeout', `${stopTimeoutMs}ms`, '--log-format=json', '--log-level=debug'],
      ...['--', 'perl', script, lives, ...family],
    ],
    env: { HOME: arena.folder, FAULTS_CANDIDATE: mark },
    reaper: arena.reaper,
  });
  const contender: Contender = {
    ...{ name, mark, plan, account, candidate, proxy, kubeconfig, token },
    signals: new Set(),
    killedAtMs: undefined,
    end: undefined,
  };
  void candidate.exited.then((how) => {
    contender.end = { ...how, atMs: monotonicMs() };
  });
  return contender;
}

export function signal(contender: Contender, name: NodeJS.Signals): void {
  if (contender.end) return;
  contender.signals.add(name);
  if (name === 'SIGKILL') contender.killedAtMs = monotonicMs();
  contender.candidate.signal(name);
}

/** Puts a kubeconfig with this token in the place of the present one, as a rotation does. */
export async function writeToken(
  arena: Arena,
  {
    kubeconfig,
    proxy,
    pitch,
    token,
  }: Pick<Contender, 'kubeconfig' | 'proxy'> & { pitch: Pitch; token: string },
): Promise<void> {
  const { namespace } = pitch;
  const written = await arena.controlPlane.kubeconfig({
    user: { token },
    namespace,
    server: proxy.url,
  });
  await rename(written, kubeconfig);
}

export async function leave({ proxy, kubeconfig }: Contender): Promise<void> {
  await proxy.close();
  await rm(kubeconfig, { force: true });
}
