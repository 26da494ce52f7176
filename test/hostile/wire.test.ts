/** Whatever bytes come instead of an HTTP answer, however slowly: an answer or a fault, within the bound. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clusterAt, connectTo, patiently } from '../kube/fixtures.ts';
import { json, text } from './arbitraries.ts';
import { expectLockFault, outcomeOf } from './expectations.ts';
import { patience, runs } from './runs.ts';
import { headersOf, startScriptedServer, type Script } from './scripted-server.ts';

const boundMs = 100;

const body: fc.Arbitrary<Buffer> = fc.oneof(
  json.map((value) => Buffer.from(JSON.stringify(value))),
  json.map((value) => Buffer.from(JSON.stringify(value)).subarray(0, -1)),
  json.map((value) => gzipSync(JSON.stringify(value)).subarray(0, 25)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(
    Buffer.from('<html><body>Sign in</body></html>'),
    Buffer.from('['.repeat(200_000)),
    Buffer.from('{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000)),
  ),
);
const header = fc.oneof(
  fc.constantFrom(
    'Content-Length: 5',
    'Content-Length: 99999999999',
    'Content-Length: -1',
    'Content-Length: x',
    'Transfer-Encoding: chunked',
    'Content-Encoding: gzip',
    'Connection: close',
    'Retry-After: soon',
    'Location: https://elsewhere/',
    'Upgrade: h2c',
    'Set-Cookie: a=b',
    `X: ${'x'.repeat(20_000)}`,
    ' folded',
    '\0',
  ),
  text.map((value) => `X: ${value}`),
);
const statusLine = fc.constantFrom(
  'HTTP/1.1 200 OK',
  'HTTP/1.1 100 Continue',
  'HTTP/1.1 101 Switching Protocols',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 429 Too Many Requests',
  'HTTP/1.0 200',
  'HTTP/9.9 999 \u001b[2J',
  'HTTP/1.1 7 x',
  'ICY 200 OK',
  'PRI * HTTP/2.0',
);
const answer = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => [Buffer.from(bytes)]),
  fc
    .tuple(statusLine, fc.array(header, { maxLength: 3 }), body)
    .map(([status, headers, bytes]) => [
      Buffer.from([status, ...headers, '', ''].join('\r\n')),
      bytes,
    ]),
  // Well formed, with something behind it.
  fc
    .tuple(body, fc.uint8Array({ maxLength: 20 }))
    .map(([bytes, more]) => [
      Buffer.from(headersOf([`Content-Length: ${bytes.length}`])),
      bytes,
      Buffer.from(more),
    ]),
);
const script: fc.Arbitrary<Script> = fc.record({
  pieces: answer,
  then: fc.constantFrom('close', 'reset', 'stay'),
});

const get = { method: 'GET', path: '/', signal: patiently() } as const;

test(
  'any bytes are an answer or a fault of one line, in time, and the next request goes through',
  { timeout: patience(30_000) },
  async () => {
    const good: Script = {
      pieces: [Buffer.from(`${headersOf(['Content-Length: 2'])}{}`)],
      then: 'close',
    };
    const scripts = [good];
    const server = await startScriptedServer(scripts);
    await fc.assert(
      fc.asyncProperty(fc.array(script, { minLength: 1, maxLength: 3 }), async (steps) => {
        const connection = connectTo(clusterAt(server.url), boundMs);
        for (const step of steps) {
          const path = `/${String(scripts.push(step) - 1)}`;
          const outcome = await outcomeOf(connection.request({ ...get, path }));
          if ('thrown' in outcome) expect(expectLockFault(outcome.thrown).kind).toBe('unreachable');
          else expect(Number.isInteger(outcome.value.status)).toBe(true);
        }
        const patient = connectTo(clusterAt(server.url), 10_000);
        expect((await patient.request({ ...get, path: '/0' })).body).toEqual({});
        patient.close();
        connection.close();
      }),
      runs(60),
    );
    await server.close();
  },
);

test('an answer that never ends is cut off by its size, before the bound', async () => {
  const server = await startScriptedServer([]);
  const endless = Buffer.alloc(2 ** 20, ' ');
  const connection = connectTo(clusterAt(server.url), 20_000);
  const request = outcomeOf(connection.request(get));
  await expect.poll(() => server.sockets.size).toBe(1);
  const [socket] = server.sockets;
  socket!.write(headersOf(['Transfer-Encoding: chunked']));
  for (let piece = 0; piece < 6; piece++)
    socket!.write(Buffer.concat([Buffer.from('100000\r\n'), endless, Buffer.from('\r\n')]));
  expect(expectLockFault((await request).thrown).message).toMatch(/longer than 4194304 bytes$/);
  connection.close();
  await server.close();
});

test('an answer of one byte at a time is cut off at the bound, and its connection is closed', async () => {
  const server = await startScriptedServer([]);
  const connection = connectTo(clusterAt(server.url), boundMs);
  const request = outcomeOf(connection.request(get));
  await expect.poll(() => server.sockets.size).toBe(1);
  const [socket] = server.sockets;
  const bytes = Array.from(headersOf(['Content-Length: 1000']));
  const timer = setInterval(() => socket!.write(bytes.shift() ?? ' '), 2);
  expect(expectLockFault((await request).thrown).message).toMatch(/^no answer .* within 0\.1 s$/);
  await expect.poll(() => server.sockets.size).toBe(0);
  clearInterval(timer);
  connection.close();
  await server.close();
});

test('a body that cannot be sent leaves no connection behind', async () => {
  const server = await startScriptedServer([]);
  const connection = connectTo(clusterAt(server.url), 10_000);
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  for (let round = 0; round < 3; round++) {
    const sent = connection.request({ ...get, method: 'PUT', body: circular });
    expectLockFault((await outcomeOf(sent)).thrown);
  }
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(server.sockets.size).toBe(0);
  connection.close();
  await server.close();
});
