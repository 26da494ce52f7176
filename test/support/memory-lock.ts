export * from '../../src/testing/memory-lock.ts';
