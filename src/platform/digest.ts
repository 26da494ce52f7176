/** Digests of texts. */
export * from './node/digest.ts';
