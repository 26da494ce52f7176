/** Processes that we start and signal. */
export * from './node/processes.ts';
