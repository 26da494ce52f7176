/** What clients can do to the server of probes: real sockets, on 127.0.0.1. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { startHttpServer, type HttpServer } from '../../src/observe/http-server.ts';

let server: HttpServer;
let shown: string[];
let sockets: Socket[];

beforeEach(async () => {
  shown = [];
  sockets = [];
  server = await startHttpServer({
    address: { host: '127.0.0.1', port: 0 },
    clock: systemClock,
    show(path) {
      shown.push(path);
      if (path === '/broken') throw new Error('broken');
      return { status: path === '/no' ? 503 : 200, type: 'text/plain', body: `${path}\n` };
    },
  });
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

const url = (path: string) => `http://127.0.0.1:${server.port}${path}`;

/** A connection that is open. */
async function open(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** All that comes back until the server ends it. */
async function answerTo(sent: string | Buffer): Promise<string> {
  const socket = await open();
  socket.write(sent);
  return text(socket).catch(() => '');
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${headers}\r\n`;

describe('an answer', () => {
  it('has the status, type and body of the page', async () => {
    const answer = await fetch(url('/no'));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(await answer.text()).toBe('/no\n');
  });

  it('does not depend on a query', async () => {
    expect(await (await fetch(url('/yes?verbose'))).text()).toBe('/yes\n');
  });

  it('to HEAD has no body', async () => {
    const answer = await fetch(url('/yes'), { method: 'HEAD' });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('is 500 when there is none', async () => {
    expect((await fetch(url('/broken'))).status).toBe(500);
  });
});

describe('refused is', () => {
  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s', async (method) => {
    expect((await fetch(url('/yes'), { method })).status).toBe(405);
    expect(shown).toEqual([]);
  });

  it('a header of a megabyte', async () => {
    const answer = await answerTo(get('/yes', `X-Long: ${'x'.repeat(2 ** 20)}\r\n`));
    expect(answer).toMatch(/^(HTTP\/1\.1 431 |$)/);
    expect(shown).toEqual([]);
  });

  it.each([
    '\0\0\0\0\r\n\r\n',
    'GET\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n',
    'CONNECT a:1 HTTP/1.1\r\n\r\n',
  ])('what is no HTTP: %j', async (sent) => {
    expect(await answerTo(sent)).toMatch(/^(HTTP\/1\.1 400 |$)/);
    expect(shown).toEqual([]);
  });
});

describe('a connection', () => {
  it('has one request, and what comes after it is not read', async () => {
    const answer = await answerTo(get('/yes') + get('/no').repeat(50));
    expect(answer.split('HTTP/1.1 ').length - 1).toBeLessThanOrEqual(1);
    expect(shown).toEqual(['/yes']);
  });

  it('has no body, however long that is', async () => {
    const answer = await answerTo(`${get('/yes', 'Content-Length: 5\r\n')}hello`);
    expect(answer).toMatch(/^(HTTP\/1\.1 200 |$)/);
    expect(shown).toEqual(['/yes']);
  });

  it('may come byte by byte', async () => {
    const socket = await open();
    const answered = text(socket);
    for (const byte of get('/yes')) {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await answered).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n\/yes\n$/s);
  });

  it('that sends half a header is ended', async () => {
    expect(await answerTo('GET /yes HTTP/1.1\r\nHost:')).toBe('');
  });

  it('that is the oldest of many makes way for a new one', async () => {
    const oldest = await open();
    const closed = once(oldest, 'close');
    for (let more = 0; more < 512; more += 1) await open();
    await closed;
    expect(await (await fetch(url('/yes'))).text()).toBe('/yes\n');
  });
});

it('answers all of a crowd, however many come at once', async () => {
  const answers = await Promise.all(Array.from({ length: 1_500 }, () => answerTo(get('/yes'))));
  const unanswered = answers.filter((answer) => !answer.startsWith('HTTP/1.1 200 '));
  expect(unanswered).toEqual([]);
});

it('answers while more stand around than it lets', async () => {
  for (let more = 0; more < 600; more += 1) await open();
  expect(await answerTo(get('/yes'))).toMatch(/^HTTP\/1\.1 200 /);
});

describe('where it cannot listen, one line says why:', () => {
  const start = (address: { host: string; port: number }) =>
    startHttpServer({ address, clock: systemClock, show: () => Promise.reject(new Error()) });

  it('the port is taken', async () => {
    await expect(start({ host: '127.0.0.1', port: server.port })).rejects.toMatchObject({
      exitCode: 69,
      message: `cannot listen on 127.0.0.1 port ${server.port}: something else listens there`,
    });
  });

  it('the address is somebody else’s', async () => {
    await expect(start({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
      exitCode: 69,
      message: 'cannot listen on 192.0.2.1 port 0: this machine does not have that address',
    });
  });
});
