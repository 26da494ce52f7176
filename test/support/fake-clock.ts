export * from '../../src/testing/fake-clock.ts';
