/**
 * What a command line says of the way to the server, over what the configuration says: as kubectl, a token takes the place
 * of all other credentials, and none of them travel in the clear.
 */
import { configError, type Access, type Cluster } from './cluster.ts';

export interface Given {
  /** `--server`: an http(s) URL. */
  readonly server?: string | undefined;
  /** `--token`. */
  readonly token?: string | undefined;
  /** `--insecure-skip-tls-verify`. */
  readonly insecure?: boolean | undefined;
  /** `--as`, and `--as-group`. */
  readonly as?: string | undefined;
  readonly asGroup?: string | undefined;
}

/** A cluster of nothing else; undefined when that is not enough. */
export function givenCluster({ server: text, token }: Given): Cluster | undefined {
  const server = text === undefined ? null : URL.parse(text);
  if (!server || token === undefined) return undefined;
  const access = () => Promise.resolve({ headers: {}, tls: {} });
  return { server, namespace: undefined, describe: 'the command line', access };
}

/** The same cluster, reached as it is said. */
export function asGiven(cluster: Cluster, given: Given): Cluster {
  const said = Object.entries(given).filter(([, value]) => value !== undefined && value !== false);
  if (said.length === 0) return cluster;
  const server = (given.server === undefined ? null : URL.parse(given.server)) ?? cluster.server;
  const isPlain = server.protocol === 'http:';
  if (isPlain && given.token !== undefined)
    throw configError(`--token must not travel in the clear to ${server.origin}`, 'use https');
  return {
    ...cluster,
    server,
    describe: `${cluster.describe}, server ${server.origin}`,
    async access(...how) {
      const access = await cluster.access(...how);
      return accessGiven(isPlain ? { headers: {}, tls: {} } : access, given);
    },
  };
}

function accessGiven({ headers, tls }: Access, given: Given): Access {
  const { server, token, insecure, as, asGroup } = given;
  return {
    headers: {
      ...headers,
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(as === undefined ? {} : { 'Impersonate-User': as }),
      ...(asGroup === undefined ? {} : { 'Impersonate-Group': asGroup }),
    },
    tls: {
      ...tls,
      ...(server === undefined ? {} : { servername: undefined }),
      ...(token === undefined ? {} : { cert: undefined, key: undefined }),
      ...(insecure ? { ca: undefined, rejectUnauthorized: false } : {}),
    },
  };
}
