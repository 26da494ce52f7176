/**
 * In place of the KubeConfig of `@kubernetes/client-node`: that imports a whole HTTP client and one for OpenID, which
 * need more of Node than there is here. The same answers for the one context that kubeconfig.ts hands it, or an error
 * that says what this form has no way to do.
 */
import { Unusable } from '../../unusable.ts';
import { readNow } from '../files-now.ts';
import { providedToken, textOf, type Provider } from './auth-provider.ts';

type Entry = Readonly<Record<string, unknown>>;

interface Content {
  readonly clusters: readonly { readonly cluster: Entry }[];
  readonly users: readonly { readonly user: Entry }[];
}

interface Options {
  headers?: Record<string, string>;
  auth?: string;
  agent?: unknown;
  ca?: Buffer | undefined;
  cert?: Buffer | undefined;
  key?: Buffer | undefined;
  rejectUnauthorized?: boolean;
  servername?: string;
}

/** A token file is read at most so often. */
const rereadMs = 60_000;

export class KubeConfig {
  #cluster: Entry = {};
  #user: Entry = {};
  #token = { text: '', readMs: -Infinity };
  #isFirst = true;

  loadFromString(text: string): void {
    const { clusters, users } = JSON.parse(text) as Content;
    this.#cluster = clusters[0]?.cluster ?? {};
    this.#user = users[0]?.user ?? {};
  }

  async applyToHTTPSOptions(options: Options): Promise<void> {
    const cluster = this.#cluster;
    const user = this.#user;
    if (cluster['insecure-skip-tls-verify'] === true) options.rejectUnauthorized = false;
    if (cluster['tls-server-name']) options.servername = textOf(cluster['tls-server-name']);
    options.ca = bytesOf(cluster, 'certificate-authority');
    options.cert = bytesOf(user, 'client-certificate');
    options.key = bytesOf(user, 'client-key');
    const headers = (options.headers ??= {});
    if (user['as'] != null) headers['Impersonate-User'] = textOf(user['as']);
    const token = this.#tokenOf(user);
    if (token) headers['Authorization'] = `Bearer ${textOf(token)}`;
    if (user['username']) options.auth = `${textOf(user['username'])}:${textOf(user['password'])}`;
    const proxyUrl = cluster['proxy-url'];
    if (proxyUrl) options.agent = agentFor(textOf(proxyUrl));
    this.#isFirst = false;
    await Promise.resolve();
  }

  #tokenOf({ token, 'auth-provider': provider }: Entry): unknown {
    if (token || !provider) return token;
    const { config } = provider as Provider;
    if (config?.['tokenFile']) return this.#tokenIn(textOf(config['tokenFile']));
    return providedToken(provider, this.#isFirst);
  }

  #tokenIn(file: string): string {
    const nowMs = native.monotonicMs();
    if (nowMs - this.#token.readMs > rereadMs)
      this.#token = { text: readNow(file).toString('utf8'), readMs: nowMs };
    return this.#token.text;
  }
}

function agentFor(proxyUrl: string): { readonly proxyUrl: string; readonly destroy: () => void } {
  if (!/^https?:/i.test(proxyUrl))
    throw new Unusable(
      'its proxy-url is for another kind of proxy than HTTP, which this form of k8s-leader cannot use',
      'name one with http:// or https://, or use the npm package',
    );
  return { proxyUrl, destroy: () => undefined };
}

function bytesOf(entry: Entry, name: string): Buffer | undefined {
  if (entry[`${name}-data`]) return Buffer.from(textOf(entry[`${name}-data`]), 'base64');
  return entry[name] ? readNow(textOf(entry[name])) : undefined;
}
