/** What a server says to us may quote what we have shown it. Nothing of that belongs into a message. */
import type { Access, Cluster } from './cluster.ts';

/** Of one or two letters every message has some. */
const leastLength = 4;
/** Tokens rotate, and an answer may be late. */
const most = 16;

/** The same cluster, which knows what credentials it has handed out, and takes them out of texts. */
export function redacting(cluster: Cluster): Cluster {
  let known: readonly string[] = [];
  let latest: string | undefined;
  return {
    ...cluster,
    async access(...how) {
      const access = await cluster.access(...how);
      const { Authorization: sent } = access.headers;
      if (sent !== latest) known = [...new Set([...secretsIn(access), ...known])].slice(0, most);
      latest = sent;
      return access;
    },
    redact: (text) =>
      // The longest first: one may be a part of another.
      [...known]
        .sort((one, other) => other.length - one.length)
        .reduce((left, secret) => left.replaceAll(secret, '<credentials>'), text),
  };
}

/** Tokens and passwords, in each form that they are sent in, or come back in. */
function secretsIn({ headers }: Access): string[] {
  const [scheme = '', sent = ''] = (headers['Authorization'] ?? '').split(/ (.*)/s);
  const secrets = [sent];
  if (scheme === 'Basic') {
    const pair = Buffer.from(sent, 'base64').toString('utf8');
    secrets.push(pair, pair.slice(pair.indexOf(':') + 1));
  }
  return secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed())])
    .filter((secret) => secret.length >= leastLength);
}
