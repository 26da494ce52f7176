/**
 * Where all rounds take place: one control plane, the history of its Leases, and for each round that is under way a
 * pitch: a namespace with three accounts of its own, used by one round after the other.
 */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountsIn, type Account, type Accounts } from '../cluster/support/accounts.ts';
import { startControlPlane, type ControlPlane, type PolicyRule } from '../support/control-plane.ts';
import { startReaper, type Reaper } from '../support/control-plane/reaper.ts';
import { startHistory, type LeaseHistory } from './lease-history.ts';

export interface RoundAccount extends Account {
  readonly rules: readonly PolicyRule[];
}

export interface Pitch {
  readonly namespace: string;
  readonly accounts: readonly RoundAccount[];
  readonly office: Accounts;
}

export interface Arena {
  readonly controlPlane: ControlPlane;
  readonly history: LeaseHistory;
  readonly reaper: Reaper;
  readonly folder: string;
  /** A pitch that nobody else uses until `leave` is called with it. */
  enter(): Promise<Pitch>;
  leave(pitch: Pitch): void;
  close(): Promise<void>;
}

const rule = (...verbs: string[]): PolicyRule[] => [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs },
];
/** Some may do all that we can make use of, some only what electors ask for everywhere. */
const rulesOf: Readonly<Record<string, readonly PolicyRule[]>> = {
  a: rule('get', 'create', 'update', 'watch'),
  b: rule('get', 'create', 'update', 'watch'),
  c: rule('get', 'create', 'update'),
};

export async function openArena(): Promise<Arena> {
  const controlPlane = await startControlPlane();
  const folder = await mkdtemp(join(tmpdir(), 'k8s-leader-faults-'));
  const reaper = await startReaper(folder);
  const history = await startHistory(controlPlane);
  const free: Pitch[] = [];
  let pitches = 0;

  const newPitch = async (): Promise<Pitch> => {
    const namespace = `pitch-${++pitches}`;
    const office = accountsIn(controlPlane, namespace);
    const accounts: RoundAccount[] = [];
    for (const [name, rules] of Object.entries(rulesOf))
      accounts.push({ ...(await office.account(name, rules)), rules });
    await mkdir(join(folder, namespace));
    return { namespace, office, accounts };
  };
  return {
    controlPlane,
    history,
    reaper,
    folder,
    enter: async () => free.pop() ?? (await newPitch()),
    leave: (pitch) => void free.push(pitch),
    async close() {
      await history.close();
      await reaper.reap();
      await controlPlane.close();
    },
  };
}
