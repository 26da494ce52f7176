/** What may be the name of something, wherever it comes from: each check tells what is wrong, or nothing. */
import { hostname } from './platform/machine.ts';
import { randomUUID } from './platform/random.ts';

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const dns1123Label = new RegExp(`^${label}$`);
const dns1123Subdomain = new RegExp(`^${label}(?:\\.${label})*$`);
const letters = "lower-case letters, digits and '-', with a letter or digit at both ends";

/** An API object's: a DNS-1123 subdomain. */
export function lockNameProblem(name: string): string | undefined {
  if (name.length <= 253 && dns1123Subdomain.test(name)) return undefined;
  return `a lock name has at most 253 characters: parts of ${letters}, joined by '.'`;
}

/** A DNS-1123 label. */
export function namespaceProblem(name: string): string | undefined {
  if (name.length <= 63 && dns1123Label.test(name)) return undefined;
  return `a namespace has at most 63 ${letters}`;
}

/** An identity is free text for people. The server sets no limit; a log line and a table column do. */
export function identityProblem(identity: string): string | undefined {
  if (identity.length > 256 || identity.trim() === '') return 'an identity has 1 to 256 characters';
  return controlProblem(identity);
}

/** `<$POD_NAME or the host's name>_<uuid>`: readable, and of this elector alone. */
export function defaultIdentity(env: Readonly<Record<string, string | undefined>>): string {
  return `${env['POD_NAME'] || hostname()}_${randomUUID()}`;
}

const labelName = /^[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?$/;

/** A label's key: up to 63 characters, perhaps behind a DNS-1123 subdomain and a slash. */
export function labelKeyProblem(key: string): string | undefined {
  const parts = key.split('/');
  const name = parts.pop() ?? '';
  const [prefix = 'none', ...more] = parts;
  const isKey = more.length === 0 && lockNameProblem(prefix) === undefined && labelName.test(name);
  return isKey
    ? undefined
    : `the key of a label has at most 63 ${labelCharacters}, perhaps behind a domain and '/'`;
}

/** A label's value: up to 63 characters, perhaps none. */
export function labelValueProblem(value: string): string | undefined {
  if (value === '' || labelName.test(value)) return undefined;
  return `the value of a label has at most 63 ${labelCharacters}`;
}

const labelCharacters = "letters, digits, '-', '_' and '.', with a letter or digit at both ends";

/** What stands for something that is done once for all. The lock object keeps a hundred of them. */
export function keyProblem(key: string): string | undefined {
  if (key.length > 100 || key.trim() === '') return 'a key has 1 to 100 characters';
  return controlProblem(key);
}

/** A path or a name that is passed on as it is, but can be shown in one line. */
export function controlProblem(text: string): string | undefined {
  return /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) ? 'it has control characters in it' : undefined;
}
