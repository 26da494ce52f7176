import type { Env } from './cluster.ts';

/** Where a namespace can come from, the strongest first. */
export interface NamespaceSources {
  /** `--namespace`. */
  readonly flag: string | undefined;
  /** Of this, `POD_NAMESPACE`. */
  readonly env: Env;
  /** What the configuration of the cluster suggests. */
  readonly cluster: string | undefined;
}

/** The namespace to work in, `default` when nothing names one. Not checked for being a valid name. */
export function chooseNamespace({ flag, env, cluster }: NamespaceSources): string {
  return flag ?? (env['POD_NAMESPACE'] || cluster || 'default');
}
