import { expect, it } from 'vitest';
import { termVariables } from '../../src/child/environment.ts';

it('tells CMD what it may know of its term', () => {
  const facts = {
    lock: 'job',
    namespace: 'team',
    identity: 'web-0_2f6b',
    transitions: 3,
    fencingToken: '4711',
    term: 'this-term',
    timeLeft: undefined,
  };
  expect(termVariables({ ...facts, timeLeft: '/run/left' })).toMatchObject({
    LEADER_TIME_LEFT: '/run/left',
  });
  expect(termVariables(facts)).toEqual({
    LEADER_LOCK: 'job',
    LEADER_NAMESPACE: 'team',
    LEADER_IDENTITY: 'web-0_2f6b',
    LEADER_TRANSITIONS: '3',
    LEADER_FENCING_TOKEN: '4711',
    LEADER_TERM: 'this-term',
  });
});
