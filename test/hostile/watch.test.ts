/** Whatever bytes a watch is answered with: sightings, a fault of one line or an end, and nothing left behind. */
import fc, { type Arbitrary } from 'fast-check';
import { expect, test } from 'vitest';
import type { Sighting } from '../../src/election/lock.ts';
import { splitLines } from '../../src/kube/stream.ts';
import { leaseLock } from '../../src/locks/lease.ts';
import { clusterAt, connectTo } from '../kube/fixtures.ts';
import { damaged, json, objectLike, text } from './arbitraries.ts';
import { expectLockFault, expectRecord, outcomeOf } from './expectations.ts';
import { patience, runs } from './runs.ts';
import { headersOf, startScriptedServer, type Script } from './scripted-server.ts';

const word = fc.constantFrom('1', '99999999999999999999', 'u', 'ä\u0000');
const lease = objectLike({
  metadata: objectLike({
    name: fc.constantFrom('one', 'one', 'one', 'two'),
    uid: word,
    resourceVersion: word,
  }),
  spec: objectLike({ holderIdentity: text, leaseDurationSeconds: fc.double(), strategy: text }),
});
const status = objectLike({
  kind: fc.constant('Status'),
  message: text,
  code: fc.constantFrom(410, 401, 403, 429, 500, -1, 1e300),
});
const plainLease = { metadata: { name: 'one', uid: 'u', resourceVersion: '7' }, spec: {} };
const event: Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ type: 'MODIFIED', object: plainLease }) },
  {
    weight: 4,
    arbitrary: objectLike({
      type: fc.constantFrom('ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'),
      object: lease,
    }),
  },
  objectLike({ type: fc.constant('ERROR'), object: status }),
  json,
);
const events = fc
  .array(event, { maxLength: 8 })
  .map((all) => all.map((each) => `${JSON.stringify(each)}\n`).join(''));
const bytes: Arbitrary<Buffer> = fc.oneof(
  events.map((lines) => Buffer.from(lines)),
  damaged(events).map((lines) => Buffer.from(lines)),
  fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some)),
  fc.constantFrom(
    Buffer.from('\n'.repeat(10_000)),
    Buffer.from(`${'x'.repeat(300_000)}\n`),
    Buffer.from('['.repeat(200_000)),
    Buffer.from('{"type":"ADDED","object":'.repeat(20_000)),
  ),
);

/** The same bytes in pieces of any length. */
function cut(whole: Buffer, borders: readonly number[]): Buffer[] {
  const at = [...borders.map((border) => border % (whole.length + 1)), 0, whole.length];
  at.sort((one, other) => one - other);
  return at.slice(1).map((end, index) => whole.subarray(at[index], end));
}

/** How the bytes are framed by HTTP: well, up to the end of the connection, or not really. */
const framings: Readonly<Record<string, (pieces: readonly Buffer[]) => Buffer[]>> = {
  chunked: (pieces) => [
    Buffer.from(headersOf(['Transfer-Encoding: chunked'])),
    ...pieces
      .filter(({ length }) => length > 0)
      .flatMap((piece) => [
        Buffer.from(`${piece.length.toString(16)}\r\n`),
        piece,
        Buffer.from('\r\n'),
      ]),
    Buffer.from('0\r\n\r\n'),
  ],
  'cut off': (pieces) => (framings['chunked']?.(pieces) ?? []).slice(0, -1),
  bare: (pieces) => [Buffer.from(headersOf([])), ...pieces],
  short: (pieces) => [Buffer.from(headersOf(['Content-Length: 40'])), ...pieces],
  wrong: (pieces) => [Buffer.from(headersOf(['Transfer-Encoding: chunked'])), ...pieces],
  headless: (pieces) => [...pieces],
};

const script: Arbitrary<Script> = fc
  .record({
    body: bytes,
    borders: fc.array(fc.nat(), { maxLength: 6 }),
    framing: fc.constantFrom(...Object.values(framings)),
    slowly: fc.boolean(),
    then: fc.constantFrom('close', 'reset', 'stay'),
  })
  .map(({ body, borders, framing, slowly, then }) => ({
    pieces: framing(cut(body, borders)),
    slowly,
    then,
  }));

function expectSighting({ version, seen }: Sighting): void {
  expect(version).toEqual(expect.any(String));
  expect(version).not.toBe('');
  if (!seen) return;
  expect(seen.version).toBe(version);
  expectRecord(seen.record);
}

test(
  'any bytes show sightings, end or are a fault of one line, and leave no connection behind',
  { timeout: patience(30_000) },
  async () => {
    const scripts: Script[] = [];
    const server = await startScriptedServer(scripts);
    /** Takes up to `most`, aborting with the last of them, or else when the server has nothing more to say. */
    const take = async (step: Script, most: number): Promise<number> => {
      const enough = new AbortController();
      // Whoever stays without a word is listened to for ever, and rightly so.
      const onPlayed = (): void => {
        if (step.then === 'stay') enough.abort();
      };
      const namespace = String(scripts.push({ ...step, onPlayed }) - 1);
      const connection = connectTo(clusterAt(server.url), 10_000);
      const lock = leaseLock({ connection, namespace, name: 'one' });
      let taken = 0;
      const outcome = await outcomeOf(
        (async () => {
          for await (const sighting of await lock.watch!(enough.signal)) {
            expectSighting(sighting);
            if (++taken === most) enough.abort();
          }
        })(),
      );
      if ('thrown' in outcome) expectLockFault(outcome.thrown);
      await server.emptied();
      connection.close();
      return taken;
    };
    await fc.assert(
      fc.asyncProperty(script, fc.integer({ min: 1, max: 5 }), async (step, most) => {
        expect(await take(step, most)).toBeLessThanOrEqual(most);
      }),
      runs(200),
    );
    await server.close();
  },
);

test('however text is cut into chunks, its lines are the same, and a bound is kept', async () => {
  const whole = fc.array(fc.oneof(text, fc.constantFrom('', ' ', '\r', '領導者 🦊')));
  const borders = fc.array(fc.nat(), { maxLength: 20 });
  const all = async (chunks: readonly Buffer[], bound: number): Promise<string[]> => {
    const lines: string[] = [];
    const source = async function* () {
      for (const chunk of chunks) yield await Promise.resolve(chunk);
    };
    for await (const line of splitLines(source(), bound)) lines.push(line);
    return lines;
  };
  await fc.assert(
    fc.asyncProperty(whole, borders, async (parts, at) => {
      const body = Buffer.from(parts.join('\n'));
      const expected = body.toString().split('\n');
      const lines = await all(cut(body, at), Infinity);
      expect(lines).toEqual(expected.map((line) => line.trim()).filter((line) => line !== ''));

      const longest = Math.max(...expected.map((line) => Buffer.byteLength(line)));
      expect(await all(cut(body, at), longest)).toEqual(lines);
      if (longest > 0) await expect(all(cut(body, at), longest - 1)).rejects.toThrow(/longer than/);
    }),
    runs(200),
  );
});
