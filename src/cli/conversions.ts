/** From the text of a setting to what it means. Each throws a {@link UsageError} that names the setting. */
import { parseDuration } from '../duration.ts';
import { UsageError } from '../errors.ts';
import {
  controlProblem,
  identityProblem,
  keyProblem,
  labelKeyProblem,
  labelValueProblem,
  lockNameProblem,
  namespaceProblem,
} from '../names.ts';
import { signalNumbers } from '../platform/machine.ts';
import { refusal, type Setting } from './settings.ts';

export function lockName(setting: Setting): string {
  const hint = suggestion(setting.text, lockNameProblem, '--lock nightly-backup');
  return named(setting, lockNameProblem, hint);
}

export function namespaceName(setting: Setting): string {
  const hint = suggestion(setting.text, namespaceProblem, '--namespace jobs');
  return named(setting, namespaceProblem, hint);
}

export function identity(setting: Setting): string {
  return named(setting, identityProblem, 'for example --identity "$HOSTNAME"');
}

export function onceKey(setting: Setting): string {
  return named(setting, keyProblem, 'for example --once v42');
}

/** A path or a name that we pass on as it is, but can show in one line. */
export function plainText(setting: Setting): string {
  return named(setting, controlProblem, 'did you read a trailing newline from a file?');
}

/** An http(s) URL of an API server. */
export function serverUrl(setting: Setting): string {
  const url = URL.parse(setting.text);
  if (!url || !['https:', 'http:'].includes(url.protocol))
    throw refusal(setting, 'not an http(s) URL', 'for example --server https://10.96.0.1:6443');
  if (url.username !== '' || url.password !== '')
    throw new UsageError(`${setting.from} has a user or a password in it`, 'use --token');
  return setting.text;
}

/** A secret, so no message says it. */
export function token({ from, text }: Setting): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  const hint = 'did you read a trailing newline from a file?';
  throw new UsageError(`${from} has characters in it that a token cannot have`, hint);
}

/** What is sent in a header as it is. */
export function headerText(setting: Setting): string {
  return named(
    setting,
    (text) => (/^[\x20-\x7e]+$/.test(text) ? undefined : 'it has characters beside ASCII in it'),
    'for example system:serviceaccount:jobs:worker',
  );
}

function named(
  setting: Setting,
  problemOf: (text: string) => string | undefined,
  hint: string,
): string {
  const problem = problemOf(setting.text);
  if (problem === undefined) return setting.text;
  throw refusal(setting, problem, hint);
}

/** For a name that is not allowed, the nearest one that is; otherwise an example. */
function suggestion(text: string, problemOf: (text: string) => string | undefined, flag: string) {
  const near = text
    .toLowerCase()
    .replaceAll(problemOf('a.b') === undefined ? /[^a-z0-9.]+/g : /[^a-z0-9]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return problemOf(near) === undefined ? `did you mean ${near}?` : `for example ${flag}`;
}

/** A duration of at least one millisecond. */
export function durationMs(setting: Setting): number {
  const hint = 'for example 500ms, 15s, 2m or 1h30m; a bare number means seconds';
  try {
    const ms = parseDuration(setting.text);
    if (ms > 0) return ms;
  } catch (error) {
    throw refusal(setting, (error as Error).message, hint);
  }
  throw refusal(setting, 'must be longer than 0', hint);
}

/** Where to listen. */
export interface ListenAddress {
  /** An IP address without brackets; empty for all of this machine. */
  readonly host: string;
  readonly port: number;
}

/** `PORT`, `IP:PORT`, `[IPv6]:PORT` or `localhost:PORT`. No other name: looking one up could take long. */
export function listenAddress(setting: Setting): ListenAddress {
  const parts = /^(?:(.*):)?(\d{1,5})$/s.exec(setting.text);
  const [host, port] = [parts?.[1] ?? '', Number(parts?.[2] ?? NaN)];
  if (port > 65_535) throw refusal(setting, 'a port is at most 65535', 'for example --listen 8080');
  if (parts && host === 'localhost') return { host: '127.0.0.1', port };
  if (parts && (host === '' || isIPv4(host))) return { host, port };
  if (/^\[[\da-f:.]+\]$/i.test(host) && URL.canParse(`http://${host}`))
    return { host: host.slice(1, -1), port };
  throw refusal(
    setting,
    'not a port, nor an IP address with a port',
    'for example --listen 8080, --listen 127.0.0.1:8080 or --listen [::1]:8080',
  );
}

function isIPv4(text: string): boolean {
  return /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
}

/** A label of a Pod. */
export interface PodLabel {
  readonly key: string;
  readonly value: string;
}

/** `KEY` or `KEY=VALUE`; the value is `true` unless it is said. */
export function podLabel(setting: Setting): PodLabel {
  const [key = '', ...values] = setting.text.split('=');
  const value = values.length === 0 ? 'true' : values.join('=');
  const problem = labelKeyProblem(key) ?? labelValueProblem(value);
  if (problem === undefined) return { key, value };
  throw refusal(setting, problem, 'for example --pod-label role=leader');
}

const ownerKinds = ['deployment', 'statefulset', 'daemonset', 'cronjob', 'job'] as const;

/** What a lock object belongs to. */
export interface Owner {
  readonly kind: (typeof ownerKinds)[number];
  readonly name: string;
}

/** `KIND/NAME`. */
export function owner(setting: Setting): Owner {
  const [word = '', name = '', ...rest] = setting.text.split('/');
  const kind = ownerKinds.find((each) => each === word);
  const example = 'for example --owner deployment/worker';
  if (kind === undefined || rest.length > 0)
    throw refusal(setting, `not KIND/NAME; KIND is ${ownerKinds.join(', ')}`, example);
  const problem = lockNameProblem(name);
  if (problem === undefined) return { kind, name };
  throw refusal(setting, problem, example);
}

/** What a process can exit with. */
export function exitStatus(setting: Setting): number {
  const status = /^\d{1,3}$/.test(setting.text) ? Number(setting.text) : Infinity;
  if (status <= 255) return status;
  throw refusal(setting, 'an exit status is a whole number from 0 to 255', 'for example 75');
}

/** One of a few words. */
export function choice<Word extends string>(setting: Setting, words: readonly Word[]): Word {
  const word = words.find((each) => each === setting.text);
  if (word !== undefined) return word;
  throw refusal(setting, 'not one of the choices', `choose ${words.join(' or ')}`);
}

/** A signal by name, with or without SIG, in any case. It must be one that can end a process. */
export function stopSignal(setting: Setting): NodeJS.Signals {
  const bare = setting.text.toUpperCase().replace(/^SIG/, '');
  const hint = 'for example TERM, INT, QUIT or KILL';
  if (['STOP', 'TSTP', 'TTIN', 'TTOU', 'CONT'].includes(bare))
    throw refusal(setting, 'it pauses or continues a process but never ends it', hint);
  if (Object.hasOwn(signalNumbers, `SIG${bare}`)) return `SIG${bare}` as NodeJS.Signals;
  throw refusal(setting, 'not the name of a signal', hint);
}

/** Whether a boolean is on; a variable can also say no. */
export function isOn(setting: Setting | undefined): boolean {
  const word = setting?.text.toLowerCase();
  if (setting === undefined || word === undefined) return false;
  if (['1', 'true', 'yes', 'on'].includes(word)) return true;
  if (['0', 'false', 'no', 'off'].includes(word)) return false;
  throw refusal(setting, 'neither yes nor no', 'write true or false');
}
