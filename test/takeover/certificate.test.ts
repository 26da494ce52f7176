/** What proves the death of a leader, and what does not. */
import { describe, expect, test } from 'vitest';
import { dwellingIn, endCertifiedBy, lineOf } from '../../src/takeover/certificate.ts';

const home = { namespace: 'jobs', pod: 'web-0', uid: 'u-1', container: 'main', mark: 'm-1' };
const message = `CMD says something\n${lineOf('m-1')}\nand something more`;
const ended = { terminated: { exitCode: 137, message } };
const running = { running: { startedAt: '2026-11-29T09:00:00Z' } };

interface Shown {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

function pod({ metadata = {}, spec = {}, status = {} }: Shown = {}): unknown {
  return {
    metadata: { namespace: 'jobs', name: 'web-0', uid: 'u-1', ...metadata },
    spec,
    status: { containerStatuses: [{ name: 'main', state: ended }], ...status },
  };
}

const containers = (...containerStatuses: object[]) => ({ status: { containerStatuses } });

test.each([
  ['2025-11-29T09:02:03Z', 1_764_406_923_000_000],
  [undefined, undefined],
  ['yesterday', undefined],
  [{}, undefined],
])('it ended when the kubelet says, %o, if it does', (finishedAt, atUs) => {
  const state = { terminated: { ...ended.terminated, finishedAt } };
  const shown = pod(containers({ name: 'main', state: running, lastState: state }));
  expect(endCertifiedBy(shown, home)).toEqual({ atUs });
});

describe('the end of its container proves it', () => {
  test.each<[string, Shown]>([
    ['as it is', {}],
    ['after a restart', containers({ name: 'main', state: running, lastState: ended })],
    [
      'beside others',
      containers({ name: 'other', state: running }, { name: 'main', state: ended }),
    ],
    ...['initContainerStatuses', 'ephemeralContainerStatuses'].map((list): [string, Shown] => [
      `in ${list}`,
      { status: { containerStatuses: [], [list]: [{ name: 'main', state: ended }] } },
    ]),
    ['in a Pod that is being deleted', { metadata: { deletionTimestamp: '2026-11-29T09:00:00Z' } }],
  ])('%s', (_, shown) => {
    expect(endCertifiedBy(pod(shown), home)).toBeDefined();
  });
});

const gone = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message: 'lost' } };

describe('nothing is proved by', () => {
  test.each<[string, Shown]>([
    ['another uid', { metadata: { uid: 'u-2' } }],
    ['another name', { metadata: { name: 'web-1' } }],
    ['another namespace', { metadata: { namespace: 'other' } }],
    ['a container that runs', containers({ name: 'main', state: running })],
    [
      'a message of a container that runs',
      containers({ name: 'main', state: { running: { message } } }),
    ],
    ['a container that waits', containers({ name: 'main', state: { waiting: { message } } })],
    ['another container', containers({ name: 'other', state: ended })],
    ['the end of another instance', containers({ name: 'main', state: running, lastState: gone })],
    ['an end that nobody saw', containers({ name: 'main', state: gone })],
    ['a failed Pod', { status: { phase: 'Failed', reason: 'NodeLost', containerStatuses: [] } }],
    ['a Pod without a status', { status: { containerStatuses: undefined } }],
    ['garbage', { status: { containerStatuses: [null, 1, 'main', { name: 'main', state: 7 }] } }],
    ['a shared PID namespace', { spec: { shareProcessNamespace: true } }],
    ["the machine's PID namespace", { spec: { hostPID: true } }],
    [
      "another container's PID namespace",
      { spec: { ephemeralContainers: [{ name: 'main', targetContainerName: 'web' }] } },
    ],
  ])('%s', (_, shown) => {
    expect(endCertifiedBy(pod(shown), home)).toBeUndefined();
  });

  test.each([
    ['no message', undefined],
    ['another mark', lineOf('m-2')],
    ['a longer mark', `${lineOf('m-1')}0`],
    ['a mark that is quoted', `log: ${lineOf('m-1')}`],
    ['the mark alone', 'm-1'],
    ['what is no text', 7],
  ])('a message with %s', (_, said) => {
    const state = { terminated: { message: said } };
    expect(endCertifiedBy(pod(containers({ name: 'main', state })), home)).toBeUndefined();
  });

  test.each([undefined, null, 'pod', []])('%j', (object) => {
    expect(endCertifiedBy(object, home)).toBeUndefined();
  });
});

test.each(['namespace', 'pod', 'uid', 'container', 'mark'])(
  'nobody lives there without %s',
  (name) => {
    expect(dwellingIn({ ...home, more: 'x' })).toEqual(home);
    expect(dwellingIn({ ...home, [name]: '' })).toBeUndefined();
  },
);
