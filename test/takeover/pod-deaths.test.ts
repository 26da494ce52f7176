/** A holder's death, as a watch on its Pod shows it. */
import { expect, test } from 'vitest';
import type { Death } from '../../src/election/death.ts';
import { LockFault } from '../../src/election/lock.ts';
import type { Answer } from '../../src/kube/exchange.ts';
import type { Connection } from '../../src/kube/connection.ts';
import { lineOf } from '../../src/takeover/certificate.ts';
import { podDeaths } from '../../src/takeover/pod-deaths.ts';
import { atRest, FakeClock } from '../../src/testing/fake-clock.ts';

const facts = { namespace: 'jobs', pod: 'web-0', uid: 'u-1', container: 'main', mark: 'm-1' };
const home = { holder: 'a', acquireTimeUs: 5, facts };

function event(type: string, state: object = { running: {} }, uid = 'u-1'): string {
  const metadata = { namespace: 'jobs', name: 'web-0', uid };
  const status = { containerStatuses: [{ name: 'main', state }] };
  return JSON.stringify({ type, object: { metadata, status } });
}

const finishedAt = '2025-11-29T09:02:03Z';
const ended = { terminated: { message: `${lineOf('m-1')}\n`, finishedAt } };

/** What each watch in a row is answered with: lines and then an end, or a fault. */
type Watch = readonly string[] | 'open' | Error | Answer;

function stage(...watches: readonly Watch[]) {
  const clock = new FakeClock();
  const paths: string[] = [];
  const faults: string[] = [];
  const left = [...watches];
  const connection = {
    cluster: { redact: (text: string) => text },
    stream: ({ path }: { path: string }) => {
      paths.push(path);
      const watch = left.shift() ?? 'open';
      if (watch instanceof Error) return Promise.reject(watch);
      if (typeof watch === 'object' && 'status' in watch) return Promise.resolve(watch);
      const lines = (async function* () {
        if (watch === 'open') await new Promise(() => undefined);
        else for (const line of watch) yield await Promise.resolve(line);
      })();
      return Promise.resolve({ status: 200, lines });
    },
  } as unknown as Connection;
  const over = new AbortController();
  const deaths = podDeaths({
    connection: () => Promise.resolve(connection),
    clock,
    random: () => 0,
    onFault: (fault) => faults.push(fault.message),
  });
  let verdict: Death | 'never known' | undefined;
  void deaths.untilCertified(home, over.signal).then((said) => (verdict = said ?? 'never known'));
  return { clock, paths, faults, over, verdict: () => verdict };
}

test.each([
  ['at the first glance', [event('ADDED', ended)]],
  ['later', [event('ADDED'), event('MODIFIED'), event('MODIFIED', ended)]],
  ['with the last sight of a deleted Pod', [event('ADDED'), event('DELETED', ended)]],
])('is certified %s', async (_, lines) => {
  const { verdict, paths } = stage(lines);
  await atRest();
  expect(verdict()).toEqual({ home, atUs: 1_764_406_923_000_000 });
  expect(paths).toEqual([
    '/api/v1/namespaces/jobs/pods?watch=1&fieldSelector=metadata.name%3Dweb-0',
  ]);
});

test('is never known of a Pod that was deleted without it', async () => {
  const { verdict } = stage([event('ADDED'), event('DELETED')]);
  await atRest();
  expect(verdict()).toBe('never known');
});

test('a namesake says nothing, whatever becomes of it', async () => {
  const { verdict } = stage([event('ADDED', ended, 'u-2'), event('DELETED', ended, 'u-2')], 'open');
  await atRest();
  expect(verdict()).toBeUndefined();
});

test('a watch that ends, breaks or fails is followed by another', async () => {
  const error = JSON.stringify({ type: 'ERROR', object: { code: 410 } });
  const watches = [[], ['{'], new LockFault('unreachable', 'reset'), [error]] as const;
  const { clock, verdict, paths, faults } = stage(...watches, [event('ADDED', ended)]);
  await clock.advance(5_000);
  expect(verdict()).toMatchObject({ home });
  expect(paths).toHaveLength(5);
  expect(faults).toEqual([]);
});

test('what is refused is told once, and asked again a minute later', async () => {
  const refusal = { status: 403, headers: {}, body: { kind: 'Status', reason: 'Forbidden' } };
  const { clock, verdict, paths, faults } = stage(refusal, refusal, [event('ADDED', ended)]);
  await clock.advance(59_000);
  expect(paths).toHaveLength(1);
  await clock.advance(65_000);
  expect(verdict()).toMatchObject({ home });
  expect(faults).toHaveLength(1);
});

test('nothing is asked for what is no home of this kind', async () => {
  const clock = new FakeClock();
  const nobody = () => Promise.reject(new Error('asked'));
  const onFault = () => undefined;
  const deaths = podDeaths({ connection: nobody, clock, random: () => 0, onFault });
  const { signal } = new AbortController();
  expect(await deaths.untilCertified({ ...home, facts: { mark: 'm' } }, signal)).toBeUndefined();
});

test('nothing is asked any more when nobody wants to know', async () => {
  const { clock, paths, over, verdict } = stage(['{'], 'open');
  over.abort();
  await clock.advance(60_000);
  expect(paths.length).toBeLessThanOrEqual(1);
  expect(verdict()).toBe('never known');
});
