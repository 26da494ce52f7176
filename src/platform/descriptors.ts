/** What is behind descriptors that we were started with. */
export * from './node/descriptors.ts';
