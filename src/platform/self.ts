/** This process. */
export * from './node/self.ts';
