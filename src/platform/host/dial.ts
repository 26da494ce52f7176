/** Makes channels: finds the address of a name, goes through a proxy, and speaks TLS. */
import type { Tls } from '../network-port.ts';
import { SocketChannel, TlsChannel, type Channel } from './channel.ts';
import { readHead } from './http.ts';
import { tlsConfig } from './tls.ts';

interface Target {
  readonly server: URL;
  readonly tls: Tls;
  readonly proxyUrl: string | undefined;
  readonly probeMs: number;
  readonly signal: AbortSignal;
}

/** As long as Node tries one address before the next. */
const attemptMs = 250;

/** @throws {Error} what is in the way */
export async function dial({ server, tls, proxyUrl, probeMs, signal }: Target): Promise<Channel> {
  const secure = (on: Channel) => secured(on, tls, tls.servername ?? bare(server.hostname));
  let channel: Channel | undefined;
  const abort = () => channel?.destroy(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    channel = await reach(proxyUrl === undefined ? server : new URL(proxyUrl), signal);
    channel.probe(probeMs);
    if (proxyUrl !== undefined) channel = await tunnel(channel, new URL(proxyUrl), server);
    if (server.protocol !== 'http:') channel = await secure(channel);
    signal.throwIfAborted();
    return channel;
  } catch (error) {
    channel?.destroy(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function secured(channel: Channel, tls: Tls, name: string): Promise<Channel> {
  const secure = new TlsChannel(channel, tlsConfig(tls).connect(name));
  await secure.handshake();
  return secure;
}

const ports: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'socks5:': 1080 };
const portOf = ({ protocol, port }: URL) => (port === '' ? (ports[protocol] ?? 443) : Number(port));

/** URL has IPv6 addresses in brackets, sockets want them without. */
const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, '');

async function reach(url: URL, signal: AbortSignal): Promise<Channel> {
  const host = bare(url.hostname);
  const isAddress = host.includes(':') || /^[\d.]+$/.test(host);
  const addresses = isAddress ? [host] : await native.thread('resolve', host);
  signal.throwIfAborted();
  let failure = Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' });
  for (const [index, address] of addresses.entries()) {
    const isLast = index === addresses.length - 1;
    try {
      return await attempt(address, portOf(url), isLast ? undefined : attemptMs, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure = error as typeof failure;
    }
  }
  throw failure;
}

async function attempt(
  address: string,
  port: number,
  patienceMs: number | undefined,
  signal: AbortSignal,
): Promise<Channel> {
  const channel = new SocketChannel(native.connect(address, port));
  const abort = () => {
    channel.destroy(signal.reason);
  };
  const late = () => {
    channel.destroy(
      Object.assign(new Error(`connect ETIMEDOUT ${address}`), { code: 'ETIMEDOUT' }),
    );
  };
  const timer = patienceMs === undefined ? undefined : setTimeout(late, patienceMs);
  signal.addEventListener('abort', abort);
  try {
    await channel.connected();
    return channel;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

/** Has a proxy connect us to the server. */
async function tunnel(to: Channel, proxy: URL, server: URL): Promise<Channel> {
  const channel = proxy.protocol === 'https:' ? await secured(to, {}, bare(proxy.hostname)) : to;
  const target = `${server.hostname}:${String(portOf(server))}`;
  const { username, password } = proxy;
  const user = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const credentials =
    username === '' ? '' : `Proxy-Authorization: Basic ${user.toString('base64')}\r\n`;
  const head = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${credentials}\r\n`;
  channel.write(Buffer.from(head, 'latin1'));
  const { status, rest } = await readHead(() => channel.read());
  if (status !== 200) throw new Error(`the proxy answers ${String(status)}`);
  if (rest.length > 0) throw new Error('the proxy says something before the server');
  return channel;
}
