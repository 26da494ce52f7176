/** Programs that tell us something. */
export * from './node/programs.ts';
