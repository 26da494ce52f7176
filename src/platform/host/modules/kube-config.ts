/**
 * In place of the KubeConfig of `@kubernetes/client-node`: that imports a whole HTTP client and one for OpenID, which
 * need more of Node than there is here. The same answers for the one context that kubeconfig.ts hands it; an `oidc`
 * user has the token that is in the file, for as long as that is valid.
 */
import { readNow } from '../files-now.ts';

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

  loadFromString(text: string): void {
    const { clusters, users } = JSON.parse(text) as Content;
    this.#cluster = clusters[0]?.cluster ?? {};
    this.#user = users[0]?.user ?? {};
  }

  async applyToHTTPSOptions(options: Options): Promise<void> {
    const cluster = this.#cluster;
    const user = this.#user;
    if (cluster['insecure-skip-tls-verify']) options.rejectUnauthorized = false;
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
    if (proxyUrl) options.agent = { proxyUrl, destroy: () => undefined };
    await Promise.resolve();
  }

  #tokenOf(user: Entry): unknown {
    const provider = user['auth-provider'] as { name?: string; config?: Entry } | undefined;
    const tokenFile = provider?.config?.['tokenFile'];
    if (tokenFile) {
      if (native.monotonicMs() - this.#token.readMs > rereadMs)
        this.#token = {
          text: readNow(textOf(tokenFile)).toString('utf8'),
          readMs: native.monotonicMs(),
        };
      return this.#token.text;
    }
    return user['token'] ?? provider?.config?.['id-token'];
  }
}

function bytesOf(entry: Entry, name: string): Buffer | undefined {
  if (entry[`${name}-data`]) return Buffer.from(textOf(entry[`${name}-data`]), 'base64');
  return entry[name] ? readNow(textOf(entry[name])) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
