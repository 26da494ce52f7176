import { expect, it } from 'vitest';
import { environmentFor, type TermEnvironment } from '../../src/child/environment.ts';

const facts: TermEnvironment = {
  lock: 'job',
  namespace: 'team',
  identity: 'web-0_2f6b',
  transitions: 3,
  fencingToken: '4711',
  term: 'this-term',
};

it('adds what CMD may know of its term', () => {
  expect(environmentFor({}, facts)).toEqual({
    LEADER_LOCK: 'job',
    LEADER_NAMESPACE: 'team',
    LEADER_IDENTITY: 'web-0_2f6b',
    LEADER_TRANSITIONS: '3',
    LEADER_FENCING_TOKEN: '4711',
    LEADER_TERM: 'this-term',
  });
});

it('leaves everything else as it was', () => {
  const base = { 'a.b-c': '=', EMPTY: '', LEADER_OF: 'the pack' };
  expect(environmentFor(base, facts)).toMatchObject(base);
});

it('replaces what an outer wrapper said, but keeps its terms, so that it still finds us', () => {
  const outer = environmentFor({}, { ...facts, lock: 'outer', term: 'outer-term' });
  const middle = environmentFor(outer, { ...facts, lock: 'middle', term: 'middle-term' });
  expect(environmentFor(middle, facts)).toMatchObject({
    LEADER_LOCK: 'job',
    LEADER_TERM: 'this-term',
    LEADER_OUTER_TERMS: 'middle-term outer-term',
  });
});
