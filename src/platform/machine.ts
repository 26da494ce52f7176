/** What the system says about itself. */
export * from './node/machine.ts';
