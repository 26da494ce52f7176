/** What of TLS can be prepared once for many connections. */
import type { Tls } from '../network-port.ts';
import { Unusable } from '../unusable.ts';

const known: { readonly tls: Tls; readonly config: NativeTlsConfig }[] = [];
const mostKnown = 4;

/** @throws {Error} what cannot be used */
export function tlsConfig(tls: Tls): NativeTlsConfig {
  const found = known.find((each) => isSameTls(each.tls, tls));
  if (found) return found.config;
  const config = prepared(tls);
  known.unshift({ tls, config });
  known.splice(mostKnown);
  return config;
}

function prepared(tls: Tls): NativeTlsConfig {
  try {
    return native.tls({
      ca: bytesOf(tls.ca),
      cert: bytesOf(tls.cert),
      key: bytesOf(tls.key),
      verify: tls.rejectUnauthorized !== false,
    });
  } catch (thrown) {
    // The keys that ring has no way to use.
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_OSSL_UNSUPPORTED') throw thrown;
    throw new Unusable(
      'its client key is damaged, or of a kind that this form of k8s-leader cannot use',
      'RSA of 2,048 bits or more, P-256, P-384 and Ed25519 can be used; P-521 with the npm package',
    );
  }
}

export function isSameTls(one: Tls, other: Tls | undefined): boolean {
  if (other === undefined) return false;
  const isSame = (name: 'ca' | 'cert' | 'key') =>
    one[name] === other[name] ||
    Buffer.compare(bytesOf(one[name]) ?? none, bytesOf(other[name]) ?? none) === 0;
  return (
    one.rejectUnauthorized === other.rejectUnauthorized &&
    one.servername === other.servername &&
    isSame('ca') &&
    isSame('cert') &&
    isSame('key')
  );
}

const none = new Uint8Array();

function bytesOf(pem: Tls['ca']): Uint8Array | undefined {
  if (pem === undefined) return undefined;
  const parts = Array.isArray(pem) ? pem : [pem];
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}
