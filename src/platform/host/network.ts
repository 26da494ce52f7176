import type { Agent, Incoming, Network, Outgoing } from '../network-port.ts';
import type { Channel } from './channel.ts';
import { dial } from './dial.ts';
import { contentOf, framingOf, readHead, type Head } from './http.ts';
import { isSameTls, tlsConfig } from './tls.ts';

export { isSameTls };

/** A channel to the server that may serve one request after the other. */
class Line {
  readonly channel: Channel;
  #ahead: Promise<Uint8Array<ArrayBuffer>> | undefined;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  /** While nobody uses it, whatever comes means that it is of no more use. */
  rest(onEnd: () => void): void {
    this.#ahead = this.channel.read();
    this.#ahead.then(onEnd, onEnd);
  }

  readonly read = (): Promise<Uint8Array<ArrayBuffer>> => {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    return ahead ?? this.channel.read();
  };
}

class HostAgent implements Agent {
  readonly probeMs: number;
  readonly proxyUrl: string | undefined;
  readonly #all = new Set<Line>();
  #free: Line | undefined;
  #isRetired = false;

  constructor(probeMs: number, proxyUrl: string | undefined) {
    this.probeMs = probeMs;
    this.proxyUrl = proxyUrl;
  }

  async take({ server, tls, signal }: Outgoing): Promise<Line> {
    const free = this.#free;
    this.#free = undefined;
    if (free) return free;
    const { probeMs, proxyUrl } = this;
    const line = new Line(await dial({ server, tls, proxyUrl, probeMs, signal }));
    this.#all.add(line);
    return line;
  }

  /** Of a line whose answer is complete: the next request may use it, if there is no other. */
  giveBack(line: Line): void {
    if (this.#isRetired || this.#free) {
      this.drop(line);
      return;
    }
    this.#free = line;
    line.rest(() => {
      if (this.#free === line) this.drop(line);
    });
  }

  drop(line: Line, error?: unknown): void {
    this.#all.delete(line);
    if (this.#free === line) this.#free = undefined;
    line.channel.destroy(error);
  }

  retire(): void {
    this.#isRetired = true;
    if (this.#free) this.drop(this.#free);
  }

  destroy(): void {
    this.retire();
    for (const line of this.#all) this.drop(line);
  }
}

export const send: Network['send'] = async (request) => {
  const { signal } = request;
  signal.throwIfAborted();
  const agent = hosts(request.agent);
  const line = await agent.take(request);
  let answer: Incoming | undefined;
  const abort = () => {
    agent.drop(line, signal.reason);
    answer?.destroy();
  };
  signal.addEventListener('abort', abort);
  const done = () => {
    signal.removeEventListener('abort', abort);
    // It holds `done`.
    answer = undefined;
  };
  try {
    line.channel.write(bytesOf(request));
    answer = incoming(await readHead(line.read), line, agent, done);
    return answer;
  } catch (error) {
    done();
    agent.drop(line);
    throw error;
  }
};

/** In one piece, and so in one packet where it fits. */
function bytesOf({ server, method, path, headers, body }: Outgoing): Uint8Array {
  const content = body === undefined ? undefined : native.utf8(body);
  const all = {
    Host: server.host,
    Connection: 'keep-alive',
    ...headers,
    ...(content ? { 'Content-Length': String(content.length) } : {}),
  };
  let lines = `${method} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(all)) lines += `${name}: ${value}\r\n`;
  const head = Buffer.from(`${lines}\r\n`, 'latin1');
  return content ? Buffer.concat([head, content]) : head;
}

function incoming(head: Head, line: Line, agent: HostAgent, done: () => void): Incoming {
  const listeners: (() => void)[] = [];
  const framing = framingOf(head);
  const mayStay = framing.kind !== 'end' && !/\bclose\b/i.test(head.headers['connection'] ?? '');
  let isOver = false;
  const end = (isComplete: boolean) => {
    if (isOver) return;
    isOver = true;
    done();
    if (isComplete && mayStay) agent.giveBack(line);
    else agent.drop(line);
    for (const listener of listeners) listener();
  };
  async function* body(): AsyncGenerator<Buffer, void> {
    const content = contentOf(framing);
    try {
      let bytes: Uint8Array = head.rest;
      for (let isEnd = false; !isEnd; isEnd = bytes.length === 0) {
        const piece = content.take(bytes);
        if (piece.length > 0) yield Buffer.from(piece.buffer, piece.byteOffset, piece.length);
        if (content.isOver()) {
          end(true);
          return;
        }
        bytes = await line.read();
      }
      if (framing.kind !== 'end') throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      end(true);
    } finally {
      end(false);
    }
  }
  return {
    status: head.status,
    headers: head.headers,
    body: body(),
    withoutEnd: (probeMs) => {
      line.channel.probe(probeMs);
    },
    onClose: (listener) => listeners.push(listener),
    destroy: () => {
      end(false);
    },
  };
}

export const createAgent: Network['createAgent'] = (_, probeMs, proxied) => {
  // Made by modules/kube-config.ts.
  const { proxyUrl } = (proxied ?? {}) as { proxyUrl?: string };
  return new HostAgent(probeMs, proxyUrl);
};

export const retireAgent: Network['retireAgent'] = (agent) => {
  hosts(agent).retire();
};

function hosts(agent: Agent): HostAgent {
  if (agent instanceof HostAgent) return agent;
  throw new TypeError('this is no agent of the host');
}

export const checkTls: Network['checkTls'] = (tls) => {
  tlsConfig(tls);
};

export const checkHeader: Network['checkHeader'] = (name, value) => {
  if (/[^\t\u0020-\u007e\u0080-\u00ff]/.test(value)) {
    const message = `Invalid character in header content ["${name}"]`;
    throw Object.assign(new TypeError(message), { code: 'ERR_INVALID_CHAR' });
  }
};
