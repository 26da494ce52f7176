/**
 * Whether a fence names this lock, and whether one by identity works here: it needs a token that is bound to a Pod, and an
 * identity that begins with the Pod's name. An account that may not see policies is told what would hold.
 */
import { asFault } from '../../election/lock.ts';
import { isObject } from '../../kube/json.ts';
import { fenceForms, fenceName, type FenceForm } from '../fence-policy.ts';
import { ill, open, well, type Finding, type Findings } from './finding.ts';
import { ask, at, type Target } from './target.ts';

const about = 'fence';
const apiVersion = 'admissionregistration.k8s.io/v1';

/** `pod`: the Pod that the token is bound to, if the server says so. */
export async function* checkFence(target: Target, pod: string | undefined): Findings {
  const unfit = whyUnfit(target, pod);
  const seen = new Map<FenceForm, 'there' | 'not there' | 'unseen'>();
  for (const form of fenceForms) seen.set(form, await lookFor(target, form));
  if (seen.get('token') === 'there')
    yield well(about, `${nameOf(target, 'token')}: each write of CMD must carry its token`);
  if (seen.get('identity') === 'there') {
    const name = nameOf(target, 'identity');
    yield unfit === undefined
      ? well(about, `${name} lets this Pod write while it leads`)
      : ill(about, `${name} refuses all that CMD writes here: ${unfit.text}`, unfit.remedy);
    return;
  }
  yield withoutOne(seen.get('identity') === 'unseen', unfit);
}

interface Unfit {
  readonly text: string;
  readonly remedy: string;
}

function whyUnfit({ plan: { identity } }: Target, pod: string | undefined): Unfit | undefined {
  if (pod === undefined)
    return {
      text: 'our token is not bound to a Pod',
      remedy: 'use the token that a Pod has by default (a projected one)',
    };
  if (identity.startsWith(`${pod}_`)) return undefined;
  return {
    text: `the identity does not begin with ${pod}_, the Pod of our token`,
    remedy: 'leave --identity out, and set POD_NAME by fieldRef',
  };
}

function nameOf({ plan: { lock }, namespace }: Target, by: FenceForm): string {
  return fenceName({ by, lock, namespace });
}

/** Few accounts may see it. */
async function lookFor(target: Target, by: FenceForm): Promise<'there' | 'not there' | 'unseen'> {
  const path = `/apis/${apiVersion}/validatingadmissionpolicybindings/${nameOf(target, by)}`;
  try {
    const { status, body } = await ask(target, 'GET', path);
    if (status === 200 && isObject(body) && at(body, 'spec', 'policyName') !== undefined)
      return 'there';
    return status === 404 ? 'not there' : 'unseen';
  } catch (thrown) {
    asFault(thrown);
    return 'unseen';
  }
}

function withoutOne(isUnseen: boolean, unfit: Unfit | undefined): Finding {
  const state = isUnseen ? 'this account may not see whether one is applied' : 'none by identity';
  return unfit === undefined
    ? open(about, `${state}; k8s-leader fence would work here`)
    : open(about, `${state}; one by identity would not work here: ${unfit.text}`);
}
