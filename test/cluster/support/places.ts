/** Where a lock can be, and what a candidate needs there. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { PolicyRule } from '../../support/control-plane.ts';
import type { Verb } from './accounts.ts';
import type { Candidate } from './candidate.ts';
import { lock, swift, type Contest, type Participation } from './contest.ts';

export type Place = 'lease' | 'configmap' | 'configmap+lease' | 'local';

const resources = {
  lease: { apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
  configmap: { apiGroups: [''], resources: ['configmaps'] },
};

export const all: readonly Verb[] = ['get', 'create', 'update', 'watch'];

function rulesOf(place: Place, verbs: readonly Verb[]): PolicyRule[] {
  const kinds = Object.entries(resources).filter(([kind]) => place.split('+').includes(kind));
  return kinds.map(([, at]) => ({ ...at, verbs }));
}

function flagsOf(place: Place, contest: Contest): string[] {
  if (place !== 'local') return ['--lock-kind', place];
  return ['--backend', 'local', '--local-file', join(contest.folder, 'locks', 'locks.db')];
}

/** As `contest.join`, at that place. */
export async function joinAt(
  place: Place,
  contest: Contest,
  name: string,
  { verbs = all, flags = [], ...how }: Participation & { verbs?: readonly Verb[] } = {},
): Promise<Candidate> {
  const account = how.account ?? (await contest.account(name, rulesOf(place, verbs)));
  const where = [...swift, ...flagsOf(place, contest), ...flags];
  return contest.join(name, { ...how, account, flags: where });
}

/** `k8s-leader step-down`, by an account that may do no more than it needs. */
export async function stepDownAt(
  place: Place,
  contest: Contest,
  ...flags: readonly string[]
): Promise<Candidate> {
  const name = `asker-${randomUUID()}`;
  const { kubeconfig } = await contest.account(name, rulesOf(place, ['get', 'update']));
  const connecting = place === 'local' ? [] : ['--kubeconfig', kubeconfig];
  const where = ['--lock', lock, ...connecting, ...flagsOf(place, contest)];
  return contest.start(['step-down', ...where, ...flags]);
}

/** `k8s-leader status`, by an account that may do no more than it needs. */
export async function statusAt(
  place: Place,
  contest: Contest,
  ...flags: readonly string[]
): Promise<Candidate> {
  const name = `onlooker-${randomUUID()}`;
  const { kubeconfig } = await contest.account(name, rulesOf(place, ['get']));
  const connecting = place === 'local' ? [] : ['--kubeconfig', kubeconfig];
  const where = ['--lock', lock, ...connecting, ...flagsOf(place, contest)];
  return contest.start(['status', ...where, ...flags]);
}

/** What stands in the annotations of the lock object. */
export async function annotationsAt(
  place: Exclude<Place, 'local'>,
  { controlPlane, namespace }: Contest,
): Promise<Readonly<Record<string, string>>> {
  const isLease = place.endsWith('lease');
  const [group, plural] = isLease
    ? ['apis/coordination.k8s.io/v1', 'leases']
    : ['api/v1', 'configmaps'];
  const path = `/${group}/namespaces/${namespace}/${plural}/${lock}`;
  const { body } = await controlPlane.request<{
    readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  }>('GET', path);
  return body.metadata.annotations ?? {};
}
