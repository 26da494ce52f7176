import { dirname, resolve } from '../platform/paths.ts';
import { configError } from './cluster.ts';
import type { Given } from './given.ts';
import { isObject, plainText, type JsonObject } from './json.ts';

/** A kubeconfig as it stands in its file. */
export interface KubeconfigDocument {
  readonly file: string;
  readonly content: JsonObject;
}

/** One context and what it refers to, with paths made absolute, and without a user if there is no TLS. */
export interface KubeconfigContext {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly server: URL;
  readonly cluster: JsonObject;
  readonly user: JsonObject;
}

/**
 * Picks a context from one or several documents, which are merged as kubectl does it: whoever names a thing first
 * defines it. `wanted` stands in for the current context.
 * @throws {ExpectedError} 69 when the context, its cluster or its user is missing or no server can be made of it
 */
export function chooseContext(
  documents: readonly KubeconfigDocument[],
  wanted: string | undefined,
  given: Given = {},
): KubeconfigContext {
  const files = documents.map(({ file }) => file).join(', ');
  const current = documents.map(({ content }) => content['current-context']).find(Boolean);
  const name = wanted ?? current;
  if (typeof name !== 'string')
    throw configError(`${files} has no current-context`, 'choose one with --context');

  const context = find(documents, 'context', name);
  if (!context) throw configError(`${files} has no context "${name}"`, contextsIn(documents));
  const named = find(documents, 'cluster', context['cluster']);
  if (!named) throw configError(`the cluster of context "${name}" is not in ${files}`);
  const cluster = given.server === undefined ? named : serverGiven(named, given.server);
  // No plugin runs for a token that is not used.
  const wantsUser = given.token === undefined && Boolean(context['user']);
  const user = wantsUser ? find(documents, 'user', context['user']) : {};
  if (!user) throw configError(`the user of context "${name}" is not in ${files}`);

  const server = URL.parse(plainText(cluster['server']));
  if (server?.protocol !== 'https:' && server?.protocol !== 'http:')
    throw configError(`the server of context "${name}" in ${files} is not an http(s) URL`);
  // Node would object after it has begun to connect, and leave a socket behind that nobody listens to.
  if (typeof (cluster['tls-server-name'] ?? '') !== 'string')
    throw configError(`the tls-server-name of context "${name}" in ${files} is not a string`);
  const namespace = context['namespace'];
  return {
    name,
    namespace: typeof namespace === 'string' && namespace !== '' ? namespace : undefined,
    server,
    cluster,
    // As with kubectl, credentials never travel in the clear.
    user: server.protocol === 'https:' ? user : {},
  };
}

/** The name in a certificate is that of the server that was meant before. */
function serverGiven(cluster: JsonObject, server: string): JsonObject {
  return { ...cluster, server, 'tls-server-name': undefined };
}

/** For whoever has misspelt one. */
function contextsIn(documents: readonly KubeconfigDocument[]): string {
  const names = documents.flatMap(({ content: { contexts } }) =>
    (Array.isArray(contexts) ? contexts : []).flatMap((entry: unknown) =>
      isObject(entry) && typeof entry['name'] === 'string' ? [entry['name']] : [],
    ),
  );
  if (names.length === 0) return 'it has no contexts';
  const more =
    names.length > shownContexts ? ` and ${String(names.length - shownContexts)} more` : '';
  return `its contexts are ${names.slice(0, shownContexts).join(', ')}${more}`;
}

const shownContexts = 10;

type Kind = 'context' | 'cluster' | 'user';

function find(documents: readonly KubeconfigDocument[], kind: Kind, name: unknown) {
  for (const { file, content } of documents) {
    const list: unknown = content[`${kind}s`];
    for (const entry of Array.isArray(list) ? list : [])
      if (isObject(entry) && entry['name'] === name && isObject(entry[kind]))
        return withPaths(entry[kind], dirname(file));
  }
  return undefined;
}

/** Paths are relative to the file that names them; inline data wins over a path, as in kubectl. */
function withPaths(entry: JsonObject, dir: string): JsonObject {
  const result = { ...entry };
  for (const key of ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']) {
    const path = entry[key];
    if (entry[`${key}-data`]) result[key] = undefined;
    else if (typeof path === 'string' && path !== '') result[key] = resolve(dir, path);
  }
  const exec = entry['exec'];
  // A bare name is looked up in PATH.
  const command = isObject(exec) ? exec['command'] : undefined;
  if (isObject(exec) && typeof command === 'string' && command.includes('/'))
    result['exec'] = { ...exec, command: resolve(dir, command) };
  return result;
}
