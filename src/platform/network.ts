/** Requests by HTTP. */
export * from './node/network.ts';
