/** What `fence` is told to fence, from words to resources. Pure. */
import { UsageError } from '../errors.ts';
import { refusal, type Setting } from '../cli/settings.ts';
import { namespaceProblem } from '../names.ts';
import {
  fencedVerbs,
  type FencedResource,
  type FencedVerb,
  type FenceForm,
} from './fence-policy.ts';

/** The resources of the core group, which alone are named without one. */
const core = new Set([
  'configmaps',
  'endpoints',
  'limitranges',
  'namespaces',
  'nodes',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'serviceaccounts',
  'services',
]);

const example = 'for example --for deployments.apps,configmaps';
const spelled =
  /^(?<resource>[a-z][a-z0-9]*)(?:\.(?<group>[a-z0-9][-a-z0-9.]*))?(?:\/(?<subresource>[a-z]+))?$/;

/** `deployments.apps,configmaps`, perhaps with `/scale`. @throws {UsageError} */
export function fencedResources(setting: Setting, by: FenceForm): FencedResource[] {
  const words = new Set(setting.text.split(',').map((word) => word.trim()));
  return [...words].map((word) => fencedResource({ ...setting, text: word }, by));
}

function fencedResource(setting: Setting, by: FenceForm): FencedResource {
  const { resource = '', group = '', subresource } = spelled.exec(setting.text)?.groups ?? {};
  if (resource === '')
    throw refusal(setting, 'not the plural of a resource and its group, in lower case', example);
  if (resource === 'events')
    throw refusal(
      setting,
      'Events tell of an election when it is over, so a fence would refuse our own',
      'leave it out',
    );
  if (group === '' && !core.has(resource))
    throw refusal(
      setting,
      'no resource of the core group has this name',
      core.has(`${resource}s`)
        ? `did you mean ${resource}s?`
        : `add its group, ${example}; kubectl api-resources lists them`,
    );
  if (subresource !== undefined && by === 'token')
    throw refusal(
      setting,
      'a write to a subresource cannot carry a token',
      'leave the subresource out, or use --by identity',
    );
  return { group, resource, subresource };
}

/** `create,update,delete`. @throws {UsageError} */
export function verbsOf(setting: Setting | undefined, by: FenceForm): FencedVerb[] {
  if (setting === undefined)
    return by === 'identity' ? ['create', 'update', 'delete'] : ['create', 'update'];
  const verbs = setting.text.split(',').map((word) => {
    // A patch is an update to those who admit it.
    const meant = word === 'patch' ? 'update' : word;
    const verb = fencedVerbs.find((each) => each === meant);
    if (verb === undefined)
      throw refusal(
        setting,
        `'${word}' is no verb of a write`,
        `choose from ${fencedVerbs.join(',')}`,
      );
    if (by === 'token' && (verb === 'delete' || verb === 'connect'))
      throw new UsageError(
        `--verbs ${verb} does not work with --by token, because such a request carries no object`,
        'leave it out, or use --by identity',
      );
    return verb;
  });
  return fencedVerbs.filter((verb) => verbs.includes(verb));
}

/** `jobs,reports`, or `*`. @throws {UsageError} */
export function namespacesOf(setting: Setting): 'all' | string[] {
  if (setting.text === '*') return 'all';
  const names = setting.text.split(',');
  const problem = names.map(namespaceProblem).find((each) => each !== undefined);
  if (problem === undefined) return names;
  throw refusal(setting, problem, "for example --in jobs,reports, or --in '*' for all");
}
