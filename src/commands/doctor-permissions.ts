/** Whether each permission that the options need is there, asked of the authorizer itself. */
import { missingRule, type Permission } from '../kube/permission.ts';
import { exitCode } from '../exit-code.ts';
import { asFault } from '../election/lock.ts';
import { ask, at, type Patient } from './patient.ts';
import { ill, illness, open, well, type Finding } from './finding.ts';
import { needsOf } from './permissions.ts';

const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** The findings; then which of the verbs on the lock are allowed, as far as anybody knows. */
export async function* checkPermissions(
  patient: Patient,
): AsyncGenerator<Finding, ReadonlySet<Permission['verb']>> {
  const { plan, namespace } = patient;
  const may = new Set<Permission['verb']>();
  for (const need of needsOf(plan)) {
    const { verb, apiGroup, resource, name, purpose } = need;
    const about = 'permission';
    const what = `${verb} ${resource}${name === undefined ? '' : ` "${name}"`}`;
    try {
      const verdict = await isAllowed(patient, need);
      if (verdict !== false) may.add(verb);
      if (verdict === true) yield well(about, what);
      else if (verdict === undefined)
        yield open(about, `${what}: the server does not tell whether it is granted`);
      else {
        const remedy = missingRule({ verb, apiGroup, resource, name }, namespace);
        yield ill(about, `${what} is missing, ${purpose}`, remedy, exitCode.denied);
      }
    } catch (thrown) {
      yield illness(about, asFault(thrown));
    }
  }
  return may;
}

/** Undefined when the server does not answer that question. */
async function isAllowed(
  patient: Patient,
  { verb, apiGroup: group, resource, name }: Permission,
): Promise<boolean | undefined> {
  const { namespace } = patient;
  const resourceAttributes = { namespace, verb, group, resource, ...(name ? { name } : {}) };
  const { status, body } = await ask(patient, 'POST', path, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  });
  const allowed = at(body, 'status', 'allowed');
  return status < 300 && typeof allowed === 'boolean' ? allowed : undefined;
}
