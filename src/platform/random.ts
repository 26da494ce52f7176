/** What nobody can guess. */
export * from './node/random.ts';
