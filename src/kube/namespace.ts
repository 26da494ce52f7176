import { configError, type Env } from './cluster.ts';

/** Where a namespace can come from, the strongest first. */
export interface NamespaceSources {
  /** `--namespace`. */
  readonly flag: string | undefined;
  /** Of this, `POD_NAMESPACE`. */
  readonly env: Env;
  /** What the configuration of the cluster suggests. */
  readonly cluster: string | undefined;
}

/** A DNS-1123 label. */
const validName = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * The namespace to work in, `default` when nothing names one.
 * @throws {ExpectedError} 69 when it cannot be the name of one
 */
export function chooseNamespace({ flag, env, cluster }: NamespaceSources): string {
  const name = flag ?? (env['POD_NAMESPACE'] || cluster || 'default');
  if (validName.test(name)) return name;
  const source = env['POD_NAMESPACE'] ? 'POD_NAMESPACE' : 'the configuration of the cluster';
  throw configError(
    `${source} names a namespace that cannot exist: ${JSON.stringify(name)}`,
    'choose one with --namespace',
  );
}
