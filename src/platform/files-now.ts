/** Files that are at hand, without waiting. */
export * from './node/files-now.ts';
