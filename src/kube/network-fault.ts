import { LockFault } from '../election/lock.ts';
import { ExpectedError } from '../errors.ts';
import { oneLine } from '../text.ts';
import type { Cluster } from './cluster.ts';

const caHint = 'check certificate-authority';
const nameHint = 'check the server address, or set tls-server-name';

/** What the codes of Node and OpenSSL mean to people, and what they may do. */
const meanings: Readonly<Record<string, readonly [meaning: string, hint?: string]>> = {
  ECONNREFUSED: ['connection refused'],
  ECONNRESET: ['the connection was reset'],
  EPIPE: ['the connection was reset'],
  ETIMEDOUT: ['the connection timed out'],
  EHOSTUNREACH: ['no route to it'],
  ENETUNREACH: ['no route to it'],
  ENOTFOUND: ['its name cannot be resolved', 'check the server address, and DNS'],
  EAI_AGAIN: ['its name cannot be resolved for the moment', 'check DNS'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['its certificate is not from the configured CA', caHint],
  SELF_SIGNED_CERT_IN_CHAIN: ['its certificate is not from the configured CA', caHint],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['its certificate is not from the configured CA', caHint],
  UNABLE_TO_GET_ISSUER_CERT: ['its certificate is not from the configured CA', caHint],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['its certificate is not from the configured CA', caHint],
  CERT_SIGNATURE_FAILURE: ['its certificate is not from the configured CA', caHint],
  CERT_HAS_EXPIRED: ['its certificate has expired', 'renew it, and check the clock'],
  CERT_NOT_YET_VALID: ['its certificate is not valid yet', 'check the clock'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another name', nameHint],
  ERR_SSL_WRONG_VERSION_NUMBER: ['it does not speak TLS', 'check the server address'],
  EPROTO: ['it does not speak TLS as we do', 'check the server address'],
};

/** Any reason for not having got an answer, as a fault of kind `unreachable`. */
export function networkFault(
  error: unknown,
  { server, redact = (text) => text }: Pick<Cluster, 'server' | 'redact'>,
): LockFault {
  if (error instanceof LockFault) return error;
  if (error instanceof ExpectedError) {
    const { message, hint } = error;
    return new LockFault('unreachable', redact(message), { hint, cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  const [meaning, hint] = meanings[errorCode(error)] ?? [redact(text)];
  return new LockFault(
    'unreachable',
    oneLine(`cannot reach the API server ${server.host}: ${meaning}`),
    { hint, cause: error },
  );
}

/** What Node, OpenSSL or the system call an error: its `code`, or else the name of its class. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error ? String(error.code) : error.name;
}
