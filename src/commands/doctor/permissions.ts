/** Whether each permission that the options need is there, asked of the authorizer itself. */
import { asFault } from '../../election/lock.ts';
import { exitCode } from '../../exit-code.ts';
import { missingRule, type Permission } from '../../kube/permission.ts';
import { needsOf, type Need } from '../permissions.ts';
import { ill, illness, open, well, type Finding } from './finding.ts';
import { ask, at, type Target } from './target.ts';

const about = 'permission';
const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** The findings; then the verbs that are known to be missing for the lock. */
export async function* checkPermissions(
  target: Target,
): AsyncGenerator<Finding, ReadonlySet<Permission['verb']>> {
  const { plan, connection } = target;
  let pod: { readonly name: string; readonly namespace: string } | undefined;
  if (plan.podLabel || plan.takeoverOnExit) {
    const { ownPod } = await import('../../extras/pod.ts');
    try {
      pod = ownPod(plan.env, connection.cluster.namespace);
    } catch (thrown) {
      if (plan.podLabel) yield illness('pod label', thrown);
    }
  }
  // Anybody may take over, from inside of a Pod or not.
  const podNames = pod ? [pod.name] : plan.podLabel ? [] : undefined;
  const missing = new Set<Permission['verb']>();
  for (const need of needsOf({ ...plan, podNames })) {
    const namespace = need.resource === 'pods' && pod ? pod.namespace : target.namespace;
    const { finding, isMissing } = await check(target, need, namespace);
    if (isMissing && need.part === 'lock') missing.add(need.verb);
    yield finding;
  }
  return missing;
}

async function check(
  target: Target,
  need: Need,
  namespace: string,
): Promise<{ finding: Finding; isMissing: boolean }> {
  const { verb, resource, name, purpose } = need;
  const what = `${verb} ${resource}${name === undefined ? '' : ` "${name}"`}`;
  try {
    const verdict = await isAllowed(target, need, namespace);
    if (verdict === true) return { finding: well(about, what), isMissing: false };
    if (verdict === undefined) {
      const text = `${what}: the server does not say whether it is granted`;
      return { finding: open(about, text), isMissing: false };
    }
    const text = `${what} is missing, ${purpose}`;
    const finding = ill(about, text, missingRule(need, namespace), exitCode.denied);
    return { finding, isMissing: true };
  } catch (thrown) {
    return { finding: illness(about, asFault(thrown)), isMissing: false };
  }
}

/** Undefined when the server does not answer that question. */
async function isAllowed(
  target: Target,
  { verb, apiGroup: group, resource, name }: Permission,
  namespace: string,
): Promise<boolean | undefined> {
  const resourceAttributes = { namespace, verb, group, resource, ...(name ? { name } : {}) };
  const { status, body } = await ask(target, 'POST', path, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  });
  const allowed = at(body, 'status', 'allowed');
  return status < 300 && typeof allowed === 'boolean' ? allowed : undefined;
}
