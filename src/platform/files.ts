/** Files, on any file system, which may hang. */
export * from './node/files.ts';
