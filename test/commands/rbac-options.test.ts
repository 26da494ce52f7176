import { describe, expect, it, test } from 'vitest';
import { rbacOptions, type RbacOptions } from '../../src/commands/rbac.ts';
import { UsageError } from '../../src/errors.ts';

const options = (words: string[], env = {}): RbacOptions => {
  const read = rbacOptions(words, env);
  if ('text' in read) throw new Error('help');
  return read;
};

it('is for a Lease, an account named as the lock, and Events unless told otherwise', () => {
  expect(options(['--lock', 'demo'])).toEqual({
    lock: 'demo',
    lockKind: 'lease',
    namespace: undefined,
    serviceAccount: undefined,
    events: true,
    podLabel: false,
    takeoverOnExit: false,
    podNames: undefined,
    doctor: false,
  });
});

describe('understands', () => {
  test.each<[words: string, expected: Partial<RbacOptions>]>([
    ['-n jobs', { namespace: 'jobs' }],
    ['--lock-kind secret', { lockKind: 'secret' }],
    ['--service-account worker', { serviceAccount: 'worker' }],
    ['--no-events', { events: false }],
    ['--doctor', { doctor: true }],
    ['--owner deployment/worker', { owner: { kind: 'deployment', name: 'worker' } }],
    ['--pod-label role=leader', { podLabel: true, podNames: undefined }],
    ['--takeover-on-exit --pod-names db-0', { takeoverOnExit: true, podNames: ['db-0'] }],
    ['--pod-label role --pod-names db-0,db-1', { podNames: ['db-0', 'db-1'] }],
  ])('%s', (words, expected) => {
    expect(options(['--lock', 'demo', ...words.split(' ')])).toMatchObject(expected);
  });

  test('the variables of run', () => {
    const env = {
      K8S_LEADER_LOCK: 'demo',
      K8S_LEADER_LOCK_KIND: 'configmap',
      POD_NAMESPACE: 'p',
      K8S_LEADER_NO_EVENTS: '1',
    };
    const expected = { lock: 'demo', lockKind: 'configmap', namespace: 'p', events: false };
    expect(options([], env)).toMatchObject(expected);
    expect(options(['-n', 'jobs'], { ...env, K8S_LEADER_NAMESPACE: 'x' }).namespace).toBe('jobs');
  });

  test('nothing of variables for what it does not ask', () => {
    const env = { K8S_LEADER_BACKEND: 'redis', K8S_LEADER_LOCAL_FILE: '/x', K8S_LEADER_WAIT: '-' };
    expect(options(['--lock', 'demo'], env)).toEqual(options(['--lock', 'demo']));
  });
});

describe('refuses', () => {
  test.each<[words: string[], says: string]>([
    [[], 'no lock given'],
    [['--lock', 'X'], "--lock 'X': a lock name has"],
    [['--lock', 'x', '--lock-kind', 'pod'], "--lock-kind 'pod': not one of the choices"],
    [['--lock', 'x', '--service-account', 'A b'], 'not the name of a service account'],
    [['--lock', 'x', '--backend', 'local'], "unknown option '--backend'"],
    [['--lock', 'x', '--owner', 'worker'], "--owner 'worker': not KIND/NAME"],
    [['--lock', 'x', '--owner', 'pod/a'], "--owner 'pod/a': not KIND/NAME"],
    [['--lock', 'x', '--owner', 'job/A'], "--owner 'job/A': "],
    [['--lock', 'x', '--pod-label', 'a b'], "--pod-label 'a b': the key of a label"],
    [['--lock', 'x', '--pod-names', 'db-0'], '--pod-names needs --pod-label'],
    [['--lock', 'x', '--pod-label', 'a', '--pod-names', 'a,,b'], "--pod-names 'a,,b': not names"],
    [['--lock', 'x', 'y'], "unexpected word 'y'"],
  ])('%j', (words, says) => {
    expect(() => options(words)).toThrow(UsageError);
    expect(() => options(words)).toThrow(says);
  });

  test('a POD_NAMESPACE that cannot exist', () => {
    expect(() => options(['--lock', 'x'], { POD_NAMESPACE: 'a: b' })).toThrow('POD_NAMESPACE');
  });
});

test('help fits into 80 columns', () => {
  const read = rbacOptions(['--lock', 'x', '-h'], {});
  const text = 'text' in read ? read.text : '';
  expect(text).toMatch(/^Usage: k8s-leader rbac --lock NAME/);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
