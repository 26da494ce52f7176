/** A pause, beside the timers of the web. */
export * from './node/timers.ts';
