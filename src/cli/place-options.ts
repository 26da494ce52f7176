import { UsageError } from '../errors.ts';
import * as convert from './conversions.ts';
import { choices } from './flags.ts';
import type { Setting, Settings } from './settings.ts';

/** Where the lock is and how to get there, checked; what every command that looks at a lock is told. */
export interface PlaceOptions {
  readonly lock: string | undefined;
  readonly namespace: string | undefined;
  readonly backend: 'kubernetes' | 'local';
  /** Of the object that holds the record in a cluster. */
  readonly lockKind: LockKind;
  readonly localFile: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  /** What of the way to the server does not come from a kubeconfig. */
  readonly given: Given;
}

interface Given {
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly as?: string | undefined;
  readonly asGroup?: string | undefined;
}

/** What only a cluster can understand. */
const ofClusters = [
  'lock-kind',
  'kubeconfig',
  'context',
  'server',
  'token',
  'insecure-skip-tls-verify',
  'as',
  'as-group',
] as const;

type LockKind = (typeof choices)['lock-kind'][number];

/** @throws {UsageError} for the first thing that is invalid */
export function placeOptions(given: Settings): PlaceOptions {
  const lock = read(given.lock, convert.lockName, undefined);
  const backend = choose(given.backend, choices.backend);
  if (given['local-file'] !== undefined && backend !== 'local')
    throw new UsageError(
      `${given['local-file'].from} needs --backend local`,
      'add --backend local',
    );
  const lockKind = choose(given['lock-kind'], choices['lock-kind']);
  for (const flag of ofClusters)
    if (given[flag] !== undefined && backend === 'local')
      throw new UsageError(
        `${given[flag].from} does not work with --backend local`,
        'leave one out',
      );
  return {
    lock,
    namespace: read(given.namespace, convert.namespaceName, undefined),
    backend,
    lockKind,
    localFile: read(given['local-file'], convert.plainText, undefined),
    kubeconfig: read(given.kubeconfig, convert.plainText, undefined),
    context: read(given.context, convert.plainText, undefined),
    given: givenIn(given),
  };
}

function givenIn(said: Settings): Given {
  const { server: at, token: secret, as: user, 'as-group': group } = said;
  const server = read(at, convert.serverUrl, undefined);
  const token = read(secret, convert.token, undefined);
  if (token !== undefined && server?.startsWith('http:'))
    throw new UsageError('--token would travel in the clear to an http server', 'use https');
  if (group !== undefined && user === undefined)
    throw new UsageError(`${group.from} needs --as`, 'add --as USER');
  return {
    server,
    token,
    insecure: convert.isOn(said['insecure-skip-tls-verify']),
    as: read(user, convert.headerText, undefined),
    asGroup: read(group, convert.headerText, undefined),
  };
}

/** The bound of each request of a command that looks at locks. */
export function requestTimeoutMs(given: Settings): number {
  return read(given['request-timeout'], convert.durationMs, 5_000);
}

/** @throws {UsageError} when there is no lock */
export function named<Lock>(
  lock: Lock | undefined,
  hint = 'add --lock NAME, the same for all candidates',
): Lock {
  if (lock === undefined) throw new UsageError('no lock given', hint);
  return lock;
}

/** What was given, converted; otherwise the default. */
export function read<Value, Default>(
  setting: Setting | undefined,
  convertTo: (setting: Setting) => Value,
  otherwise: Default,
): Value | Default {
  return setting === undefined ? otherwise : convertTo(setting);
}

/** One of `words`; the first is the default. */
export function choose<Word extends string>(
  setting: Setting | undefined,
  words: readonly [Word, ...Word[]],
): Word {
  return setting === undefined ? words[0] : convert.choice(setting, words);
}
