import { listen } from '../../src/platform/listener.ts';
import * as network from '../../src/platform/network.ts';
import type { Agent, Incoming, Outgoing, Tls } from '../../src/platform/network-port.ts';
import type { Wire } from '../../src/platform/ports.ts';
import { failsWith, failure, holds, same, until, type Claim, type Place } from './claim.ts';

const probeMs = 15_000;
const timeoutMs = 60_000;
const never = new AbortController().signal;

type How = Partial<Omit<Outgoing, 'server'>>;

function send(url: string, how: How = {}): Promise<Incoming> {
  const server = new URL(url);
  const agent = how.agent ?? network.createAgent(server, probeMs);
  const common = { method: 'GET', path: '/', headers: {}, body: undefined, tls: {}, timeoutMs };
  return network.send({ server, agent, signal: never, ...common, ...how });
}

async function textOf({ body }: Incoming): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** What the server of the place says about a request. */
interface Echo {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connection: number;
  readonly certificate: string;
}
const echo = async (answer: Incoming) => JSON.parse(await textOf(answer)) as Echo;

/** A server whose answers are made of bytes: `serve` gets each head that comes in. */
async function serving(serve: (wire: Wire, head: string) => void) {
  const wires: Wire[] = [];
  let closed = 0;
  const listener = await listen({ host: '127.0.0.1', port: 0 }, (wire) => {
    wires.push(wire);
    wire.on('close', () => (closed += 1));
    let text = '';
    wire.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!text.endsWith('\r\n\r\n')) return;
      const head = text;
      text = '';
      serve(wire, head);
    });
  });
  return {
    url: `http://127.0.0.1:${String(listener.port)}`,
    connections: () => wires.length,
    closed: () => closed,
    end() {
      listener.close();
      for (const wire of wires) wire.destroy();
    },
  };
}

const plainHead = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
const trusting = ({ ca }: Place): Tls => ({ ca });

export const claimsAboutTheNetwork: readonly Claim[] = [
  ...(['server', 'plain'] as const).map((which): Claim => ({
    name: `a request and its answer arrive as they are (${which})`,
    async check(place) {
      const tls = trusting(place);
      const body = JSON.stringify({ text: 'ö'.repeat(40_000) });
      const headers = { Accept: 'application/json', 'X-Mine': 'yes' };
      const answer = await send(place[which], {
        method: 'PUT',
        path: '/a?b=c',
        body,
        headers,
        tls,
      });
      same(
        [answer.status, answer.headers['x-server'], answer.headers['x-none'] ?? 'none'],
        [200, 'Mine', 'none'],
      );
      const seen = await echo(answer);
      same(
        [seen.method, seen.path, seen.headers['x-mine'], seen.body === body],
        ['PUT', '/a?b=c', 'yes', true],
      );
      same(seen.headers['content-length'], String(Buffer.byteLength(body)));
      same(seen.headers['host'], new URL(place[which]).host);
    },
  })),
  {
    name: 'the connection is kept for the next request, until its agent is retired',
    async check(place) {
      const agent = network.createAgent(new URL(place.server), probeMs);
      const next = async (on: Agent) => {
        const seen = await echo(await send(place.server, { agent: on, tls: trusting(place) }));
        // It is free in the next turn.
        await new Promise((resolve) => setTimeout(resolve, 20));
        return seen.connection;
      };
      const [first, second] = [await next(agent), await next(agent)];
      same(first, second);
      network.retireAgent(agent);
      const [third, fourth] = [await next(agent), await next(agent)];
      same(new Set([first, third, fourth]).size, 3);
      agent.destroy();
    },
  },
  {
    name: 'a certificate is shown to the server',
    async check(place) {
      const { ca, certificate: cert, key } = place;
      const seen = await echo(await send(place.server, { tls: { ca, cert, key } }));
      same(seen.certificate, 'alice');
      same((await echo(await send(place.server, { tls: { ca } }))).certificate, '');
    },
  },
  {
    name: 'a server is believed if its certificate is from the CA, and for its name',
    async check(place) {
      const tls = { ca: place.ca, servername: 'localhost' };
      same((await send(place.server, { tls })).status, 200);
      const blind = { ca: place.unrelatedCa, rejectUnauthorized: false };
      same((await send(place.server, { tls: blind })).status, 200);
      await failsWith('ERR_TLS_CERT_ALTNAME_INVALID', () =>
        send(place.server, { tls: { ca: place.ca, servername: 'elsewhere.invalid' } }),
      );
      const { code } = await failure(() => send(place.server, { tls: { ca: place.unrelatedCa } }));
      holds(
        [
          'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
          'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
          'SELF_SIGNED_CERT_IN_CHAIN',
        ].includes(String(code)),
        `${String(code)} says that it is not from the CA`,
      );
    },
  },
  {
    name: 'what cannot be reached has a code',
    async check(place) {
      const closed = await serving(() => undefined);
      closed.end();
      await failsWith('ECONNREFUSED', () => send(closed.url));
      const { code } = await failure(() => send('http://no-such-name.invalid'));
      holds(['ENOTFOUND', 'EAI_AGAIN'].includes(String(code)), `${String(code)} says so`);
      const tls = trusting(place);
      const spoken = await failure(() => send(place.plain.replace('http:', 'https:'), { tls }));
      holds(
        ['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ECONNRESET'].includes(String(spoken.code)),
        `${String(spoken.code)} says that it is no TLS`,
      );
    },
  },
  {
    name: 'a name is found, and an IPv4 address for it',
    async check(place) {
      const url = place.plain.replace('127.0.0.1', 'localhost');
      same((await send(url)).status, 200);
    },
  },
  {
    name: 'an aborted request ends its connection, before the answer and in it',
    async check() {
      const server = await serving((wire, head) => {
        if (head.startsWith('GET /begun')) wire.write(`${chunked}1\r\nx\r\n`);
      });
      const over = new AbortController();
      const waiting = failure(() => send(server.url, { signal: over.signal }));
      await until(() => server.connections() === 1);
      over.abort();
      await waiting;
      await until(() => server.closed() === 1);

      const late = new AbortController();
      const answer = await send(server.url, { path: '/begun', signal: late.signal });
      let isTold = false;
      answer.onClose(() => (isTold = true));
      const broken = failure(() => textOf(answer));
      late.abort();
      await broken;
      await until(() => server.closed() === 2 && isTold);
      await failure(() => send(server.url, { signal: late.signal }));
      same(server.connections(), 2);
      server.end();
    },
  },
  {
    name: 'an aborted answer that nobody reads is over as well',
    async check() {
      const server = await serving((wire) => wire.write(chunked));
      const over = new AbortController();
      const answer = await send(server.url, { signal: over.signal });
      let isTold = false;
      answer.onClose(() => (isTold = true));
      over.abort();
      await until(() => server.closed() === 1 && isTold);
      server.end();
    },
  },
  {
    name: 'an answer comes piece by piece, and leaving it ends the connection',
    async check() {
      let more: (text: string) => void = () => undefined;
      const server = await serving((wire) => {
        more = (text) => wire.write(text);
        more(chunked);
      });
      const answer = await send(server.url);
      answer.withoutEnd(probeMs);
      let isTold = false;
      answer.onClose(() => (isTold = true));
      const pieces: string[] = [];
      // The size, its piece and the end of it, cut anywhere.
      for (const part of ['5\r', '\nfir', 'st\r\n', '6;x=y\r\nsecond\r\n']) more(part);
      for await (const piece of answer.body) {
        pieces.push(piece.toString());
        if (pieces.join('').includes('second')) break;
      }
      same(pieces.join(''), 'firstsecond');
      await until(() => server.closed() === 1 && isTold);
      server.end();
    },
  },
  {
    name: 'an answer may end with the connection, be empty, or come after another',
    async check() {
      const server = await serving((wire, head) => {
        if (head.startsWith('GET /end')) {
          wire.write('HTTP/1.1 200 OK\r\n\r\nto the end');
          wire.end();
        } else if (head.startsWith('GET /none')) wire.write('HTTP/1.1 204 No Content\r\n\r\n');
        else wire.write(`HTTP/1.1 100 Continue\r\n\r\n${plainHead}ok`);
      });
      const agent = network.createAgent(new URL(server.url), probeMs);
      same(await textOf(await send(server.url, { path: '/end', agent })), 'to the end');
      const none = await send(server.url, { path: '/none', agent });
      same([none.status, await textOf(none)], [204, '']);
      const other = await send(server.url, { path: '/', agent });
      same([other.status, await textOf(other)], [200, 'ok']);
      agent.destroy();
      server.end();
    },
  },
  {
    name: 'an answer that is cut off is none',
    async check() {
      const cuts = ['HTTP/1.1 200 O', `${plainHead}o`, `${chunked}5\r\nab`, ''];
      let next = 0;
      const server = await serving((wire) => {
        wire.write(cuts[next++] ?? '');
        wire.end();
      });
      for (const cut of cuts) {
        const { code } = await failure(async () => textOf(await send(server.url)));
        holds(code === 'ECONNRESET', `${String(code)} is the code of ${JSON.stringify(cut)}`);
      }
      server.end();
    },
  },
  {
    name: 'what is no answer is an error',
    async check() {
      let next = '';
      const server = await serving((wire) => wire.write(next));
      const bad = [
        'SSH-2.0-OpenSSH\r\n\r\n',
        'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n',
        `${chunked}zz\r\n`,
      ];
      for (next of bad) await failure(async () => textOf(await send(server.url)));
      server.end();
    },
  },
  {
    name: 'the connections of an agent end with it',
    async check() {
      const server = await serving((wire) => wire.write(`${plainHead}ok`));
      const agent = network.createAgent(new URL(server.url), probeMs);
      await textOf(await send(server.url, { agent }));
      agent.destroy();
      await until(() => server.closed() === 1);
      const other = network.createAgent(new URL(server.url), probeMs);
      const answer = await send(server.url, { agent: other });
      answer.destroy();
      await until(() => server.closed() === 2);
      server.end();
    },
  },
  {
    name: 'certificates that are the same are, and those that are none are refused',
    async check({ ca, unrelatedCa, certificate: cert, key }) {
      same(network.isSameTls({ ca, cert }, { ca: ca.slice(), cert }), true);
      same(network.isSameTls({ ca }, { ca: unrelatedCa }), false);
      same(network.isSameTls({ ca }, { ca, servername: 'x' }), false);
      same(network.isSameTls({}, undefined), false);
      network.checkTls({});
      network.checkTls({ ca, cert, key });
      network.checkTls({ ca: Buffer.from(ca) });
      await failure(() => {
        network.checkTls({ ca: 'nothing' });
      });
      await failure(() => {
        network.checkTls({ cert: 'nothing', key });
      });
    },
  },
  {
    name: 'a header is one that can be sent',
    async check() {
      network.checkHeader('Authorization', 'Bearer x.y_z-1');
      await failsWith('ERR_INVALID_CHAR', () => {
        network.checkHeader('Authorization', 'Bearer x\ny');
      });
      await failsWith('ERR_INVALID_CHAR', () => {
        network.checkHeader('Authorization', 'Bearer €');
      });
    },
  },
  {
    name: 'who listens has a place of its own, and wires that end',
    async check() {
      const wires: Wire[] = [];
      const listener = await listen({ host: '127.0.0.1', port: 0 }, (wire) => wires.push(wire));
      same([listener.host, listener.port > 0], ['127.0.0.1', true]);
      const { port } = listener;
      await failsWith('EADDRINUSE', () => listen({ host: '127.0.0.1', port }, () => undefined));
      await failsWith('EADDRNOTAVAIL', () =>
        listen({ host: '192.0.2.1', port: 0 }, () => undefined),
      );
      const open = failure(() => send(`http://127.0.0.1:${String(port)}`));
      await until(() => wires.length === 1);
      const [wire] = wires;
      wire?.pause();
      wire?.destroy();
      await open;
      await until(() => wire?.destroyed === true);
      listener.close();
      await failsWith('ECONNREFUSED', () => send(`http://127.0.0.1:${String(port)}`));
      const all = await listen({ host: '', port: 0 }, () => undefined);
      // Without IPv6 it is the other.
      holds(['::', '0.0.0.0'].includes(all.host), `${all.host} means all addresses`);
      all.close();
    },
  },
];
