import { configError, type Access, type Cluster, type Env, readText } from './cluster.ts';
import { execPlugin } from './exec-plugin.ts';
import type { Given } from './given.ts';
import { isObject } from './json.ts';
import {
  chooseContext,
  type KubeconfigContext,
  type KubeconfigDocument,
} from './kubeconfig-context.ts';
import { credentialsOf, parseYaml, proxyAgent } from './kubeconfig.ts';
import { errorCode } from './network-fault.ts';

/** Which context of which files. */
interface KubeconfigOptions {
  /** Merged as kubectl does it; all of them must exist. */
  readonly files: readonly string[];
  /** Undefined: the current context. */
  readonly context: string | undefined;
  /** Takes the place of the server and the user of the context. */
  readonly given?: Given | undefined;
  /** The environment of credential plugins. */
  readonly env: Env;
  readonly pluginTimeoutMs: number;
}

/** The cluster of a context. @throws {ExpectedError} 69 when the files do not lead to one */
export async function kubeconfigCluster(options: KubeconfigOptions): Promise<Cluster> {
  let current = await openContext(options, options.context);
  const { name, server, namespace, cluster } = current.context;
  const describe = `context "${name}" of ${options.files.join(', ')}`;
  return {
    server,
    namespace,
    describe,
    async access(freshness, signal) {
      if (freshness === 'reload') {
        const next = await openContext(options, name);
        // Credentials for another server must not be shown to this one.
        if (next.context.server.href !== server.href)
          throw configError(`${describe} now names another server`);
        const access = await next.access(signal);
        // Not before it has proved to be usable.
        current = next;
        return access;
      }
      return current.access(signal);
    },
    ...(cluster['proxy-url'] ? { proxyAgent: () => proxyAgent(cluster) } : {}),
  };
}

interface OpenContext {
  readonly context: KubeconfigContext;
  access(signal: AbortSignal): Promise<Access>;
}

async function openContext(
  { files, given, env, pluginTimeoutMs }: KubeconfigOptions,
  wanted: string | undefined,
): Promise<OpenContext> {
  const context = chooseContext(await Promise.all(files.map(readDocument)), wanted, given);
  const { exec } = context.user;
  const askPlugin = isObject(exec)
    ? execPlugin({ spec: exec, env, timeoutMs: pluginTimeoutMs })
    : () => Promise.resolve({});
  const credentials = credentialsOf(context);
  return { context, access: async (signal) => credentials(await askPlugin(signal)) };
}

async function readDocument(file: string): Promise<KubeconfigDocument> {
  const text = await readText(file).catch((error: unknown) => {
    const code = errorCode(error);
    throw configError(
      `the kubeconfig ${file} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`,
    );
  });
  if (text.trim() === '') throw configError(`the kubeconfig ${file} is empty`);
  const content = await parseYaml(text);
  if (content === undefined) throw configError(`the kubeconfig ${file} is not valid YAML`);
  if (!isObject(content)) throw configError(`${file} is not a kubeconfig`);
  return { file, content };
}
