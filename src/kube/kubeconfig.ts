/**
 * The only file that loads `@kubernetes/client-node`, and only for a kubeconfig: loading it takes longer than all
 * the rest of a start. It reads YAML and makes credentials of a user entry; requests do not go through it. Where it
 * would act differently from kubectl, the entries are changed before it sees them.
 */
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { checkHeader, checkTls } from '../platform/network.ts';
import type { Agent, Tls } from '../platform/network-port.ts';
import { Unusable } from '../platform/unusable.ts';
import { configError, type Access } from './cluster.ts';
import type { Credential } from './exec-plugin.ts';
import type { JsonObject } from './json.ts';
import type { KubeconfigContext } from './kubeconfig-context.ts';
import { errorCode } from './network-fault.ts';

/** What the client puts into the options of a request. */
interface RequestOptions extends Tls {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly auth?: string;
  readonly agent?: Agent;
}

/** The value of some YAML; undefined when it is none. Not why: the parser's message quotes the text. */
export async function parseYaml(text: string): Promise<unknown> {
  const { loadYaml } = await import('@kubernetes/client-node/dist/yaml.js');
  try {
    return loadYaml(text);
  } catch {
    return undefined;
  }
}

/**
 * Credentials for a context: of its user entry, read from their files each time, a token file at most once a minute.
 * The result adds what a plugin has issued, and throws {ExpectedError} 69 when something cannot be used.
 */
export function credentialsOf({
  name,
  cluster,
  user,
}: KubeconfigContext): (issued: Credential) => Promise<Access> {
  let config: Promise<KubeConfig> | undefined;

  return async (issued) => {
    try {
      config ??= clientConfig(cluster, user);
      const request: RequestOptions = { headers: {} };
      await (await config).applyToHTTPSOptions(request);
      return checked(toAccess(request, issued));
    } catch (error) {
      if (error instanceof Unusable)
        throw configError(`context "${name}": ${error.message}`, error.hint);
      const path = error instanceof Error && 'path' in error ? `: ${String(error.path)}` : '';
      throw configError(
        `certificates or credentials of context "${name}" cannot be used (${errorCode(error)})${path}`,
      );
    }
  };
}

/** A new agent that goes through the `proxy-url` of a cluster entry. */
export async function proxyAgent(cluster: JsonObject): Promise<Agent> {
  // The client caches the agent, hence a new client.
  const config = await clientConfig(cluster, {});
  const request: RequestOptions = {};
  await config.applyToHTTPSOptions(request);
  if (!request.agent) throw new Error('the client knows no proxy');
  return request.agent;
}

async function clientConfig(cluster: JsonObject, user: JsonObject): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const { tokenFile } = user;
  // The client looks for `token-file`, which kubectl does not know, and would run plugins without a bound.
  const ours = {
    exec: undefined,
    'token-file': undefined,
    ...(tokenFile
      ? { token: undefined, 'auth-provider': { name: 'file', config: { tokenFile } } }
      : {}),
  };
  // `http:` in the file is explicit enough; the client wants a second permission.
  const isPlain = String(cluster['server']).startsWith('http:');
  const tls = isPlain ? { 'insecure-skip-tls-verify': true } : {};
  const config = new KubeConfig();
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name: 'it', cluster: { ...cluster, ...tls } }],
      // Without a user entry the client would leave out the CA.
      users: [{ name: 'it', user: { ...user, ...ours } }],
      contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
      'current-context': 'it',
    }),
  );
  return config;
}

function toAccess(request: RequestOptions, issued: Credential): Access {
  const { ca, rejectUnauthorized, servername, auth } = request;
  const { token, cert = request.cert, key = request.key } = issued;
  const headers: Record<string, string> = {};
  if (token) headers['Authorization'] = `Bearer ${token}`;
  if (auth) headers['Authorization'] = `Basic ${Buffer.from(auth).toString('base64')}`;
  for (const [name, value] of Object.entries(request.headers ?? {}))
    headers[name] = String(value).trim();
  return { headers, tls: { ca, cert, key, rejectUnauthorized, servername } };
}

/** Better a clear line now than an obscure one with every request. @throws what the platform has against it */
function checked(access: Access): Access {
  for (const [name, value] of Object.entries(access.headers)) checkHeader(name, value);
  checkTls(access.tls);
  return access;
}
