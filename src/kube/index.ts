/** The connection to a cluster, for whoever keeps something there. */
export type { Access, Cluster, Env } from './cluster.ts';
export { loadCluster, type ClusterOptions } from './config.ts';
export { connect, type Connection, type ConnectionOptions, type Request } from './connection.ts';
export type { Answer, Call } from './exchange.ts';
export { chooseNamespace, type NamespaceSources } from './namespace.ts';
export type { Stream } from './stream.ts';
