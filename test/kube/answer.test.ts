import { describe, expect, test } from 'vitest';
import { answerFault, reasonOf, type Action } from '../../src/kube/answer.ts';
import type { Answer } from '../../src/kube/exchange.ts';
import { clusterAt } from './fixtures.ts';

const action: Action = {
  verb: 'update',
  apiGroup: 'coordination.k8s.io',
  resource: 'leases',
  namespace: 'apps',
};

function answer(status: number, body?: Record<string, unknown>, headers = {}): Answer {
  return { status, headers, body: body && { kind: 'Status', ...body } };
}

function faultIn(given: Answer) {
  return answerFault(given, action, clusterAt('https://10.96.0.1:443'));
}

describe('an answer that brings nothing', () => {
  test('401 is denied, and says whose credentials were not accepted', () => {
    expect(faultIn(answer(401, { message: 'Unauthorized' }))).toMatchObject({
      kind: 'denied',
      message: 'the API server 10.96.0.1 does not accept our credentials: Unauthorized',
      hint: 'check the user in the test',
    });
  });

  test('403 is denied, with the rule that is missing', () => {
    const message = 'User "x" cannot patch resource "pods"';
    expect(faultIn(answer(403, { reason: 'Forbidden', message }))).toMatchObject({
      kind: 'denied',
      message: `not allowed to update leases in namespace "apps": ${message}`,
      hint: 'add to a Role in namespace "apps": apiGroups ["coordination.k8s.io"], resources ["leases"], verbs ["update"]',
    });
  });

  test('403 by an admission webhook or a quota is denied, and no rule would help', () => {
    for (const message of [
      'admission webhook "policy.example" denied the request: no',
      'leases "x" is forbidden: exceeded quota: few',
    ])
      expect(faultIn(answer(403, { message }))).toMatchObject({ kind: 'denied', hint: undefined });
  });

  test('403 in a namespace that is being deleted is no question of permissions', () => {
    const details = { causes: [{ reason: 'NamespaceTerminating' }] };
    expect(faultIn(answer(403, { reason: 'Forbidden', details }))).toMatchObject({
      kind: 'unreachable',
      message: 'cannot update leases in namespace "apps": it is being deleted',
    });
  });

  test('404 for the namespace says that there is none', () => {
    const details = { kind: 'namespaces', name: 'apps' };
    expect(faultIn(answer(404, { reason: 'NotFound', details }))).toMatchObject({
      kind: 'unreachable',
      message: 'there is no namespace "apps"',
    });
  });

  test.each([400, 422])('%i is a refusal', (status) => {
    expect(faultIn(answer(status, { message: 'no' })).kind).toBe('denied');
  });

  test.each([200, 302, 404, 408, 409, 410, 429, 500, 503, 504])('%i may pass', (status) => {
    const fault = faultIn(answer(status, { message: 'etcd is busy' }));
    expect(fault.kind).toBe('unreachable');
    expect(fault.message).toBe(
      `the API server 10.96.0.1 answers ${String(status)} to update leases in namespace "apps": etcd is busy`,
    );
  });

  test.each([
    [429, '7', undefined, 7_000],
    [503, undefined, 3, 3_000],
    [500, '2', 9, 2_000],
    [429, '0', undefined, 0],
    [429, '86400', undefined, 60_000],
    [429, '-1', undefined, undefined],
    [429, 'Wed, 21 Oct 2015 07:28:00 GMT', undefined, undefined],
    [503, undefined, 'soon', undefined],
    [503, undefined, undefined, undefined],
    [403, '7', 7, undefined],
  ])('%i with Retry-After %j, retryAfterSeconds %j: %j ms', (status, header, inBody, ms) => {
    const headers = header === undefined ? {} : { 'retry-after': header };
    const given = answer(status, { details: { retryAfterSeconds: inBody } }, headers);
    expect(faultIn(given).retryAfterMs).toBe(ms);
  });

  test('hostile words stay one bounded line, without tokens', () => {
    const message = `Bearer abc.def.ghi\n\u001b[2Jgo away ${'x'.repeat(1_000_000)}`;
    for (const status of [400, 401, 403, 404, 500]) {
      const fault = faultIn(answer(status, { message }));
      expect(fault.message.length).toBeLessThanOrEqual(300);
      // eslint-disable-next-line no-control-regex
      expect(fault.message).not.toMatch(/[\u0000-\u001f]|abc\.def/);
    }
  });

  test('a body that is no Status has no reason', () => {
    expect(reasonOf({ status: 404, headers: {}, body: { reason: 'NotFound' } })).toBeUndefined();
    expect(reasonOf({ status: 404, headers: {}, body: undefined })).toBeUndefined();
    expect(reasonOf(answer(404, { reason: 7 }))).toBeUndefined();
    expect(reasonOf(answer(404, { reason: 'NotFound' }))).toBe('NotFound');
  });
});
