/** Tokens of a user's `auth-provider`: those that are in the file. Getting new ones takes programs and clients that are not here. */
import { Unusable } from '../../unusable.ts';

type Entry = Readonly<Record<string, unknown>>;

export interface Provider {
  readonly name?: unknown;
  readonly config?: Entry | null;
}

/** Which entry has the token, and until when, by the wall clock; NaN: for good. */
function tokenIn({ name, config }: Provider): readonly [token: unknown, untilMs: number] {
  const entries = config ?? {};
  if (name === 'oidc') return [entries['id-token'], expiryOf(entries['id-token'])];
  if (name !== 'gcp' && name !== 'azure') return [undefined, NaN];
  const { expiry, 'expires-on': expiresOn } = entries;
  const isAzure = name === 'azure' && Boolean(expiresOn) && !expiry;
  const untilMs = isAzure ? Number(expiresOn) * 1_000 : Date.parse(textOf(expiry));
  return [entries['access-token'], untilMs];
}

/**
 * The token, undefined where the provider is unknown.
 * @throws {Unusable} when it is missing or has expired, at the time of the first use: later the server says so, and the
 * file is read anew
 */
export function providedToken(provider: Provider, isFirst: boolean): unknown {
  const [token, untilMs] = tokenIn(provider);
  const name = textOf(provider.name);
  const isKnown = ['oidc', 'gcp', 'azure'].includes(name);
  if (isKnown && isFirst && (!token || untilMs < Date.now()))
    throw new Unusable(
      `the token of auth-provider "${name}" ${token ? 'has expired' : 'is missing'}, and this form of k8s-leader gets no new one`,
      name === 'oidc'
        ? 'kubectl writes a new one into the file; or use a plugin (user.exec), or the npm package'
        : 'use a plugin (user.exec), as kubectl does by now, or the npm package',
    );
  return token;
}

/** Of a JSON Web Token. One that says nothing has none. */
function expiryOf(token: unknown): number {
  const [, payload = ''] = textOf(token).split('.');
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64').toString()) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : NaN;
  } catch {
    return NaN;
  }
}

export function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
