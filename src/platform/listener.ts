/** Listens for connections. */
export * from './node/listener.ts';
