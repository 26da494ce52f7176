/** In place of the YAML of `@kubernetes/client-node`, which also knows the types of all objects of Kubernetes. */
import { dump } from 'js-yaml';

export { load as loadYaml } from 'js-yaml';

export const dumpYaml = (value: unknown): string => dump(value, { lineWidth: -1 });
