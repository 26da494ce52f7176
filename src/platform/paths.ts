/** Paths of files, as text. */
export * from './node/paths.ts';
