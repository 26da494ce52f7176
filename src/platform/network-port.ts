/** The port of `network.ts`: requests by HTTP, with or without TLS. */

type Pem = string | Buffer | (string | Buffer)[];

/** What identifies us to the server, and the server to us. */
export interface Tls {
  readonly ca?: Pem | undefined;
  readonly cert?: Pem | undefined;
  readonly key?: Pem | undefined;
  readonly rejectUnauthorized?: boolean | undefined;
  readonly servername?: string | undefined;
}

/** Makes connections, and keeps one for the next request. */
export interface Agent {
  /** Ends all of them. */
  destroy(): void;
}

export interface Outgoing {
  readonly server: URL;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly tls: Tls;
  readonly agent: Agent;
  /** Of the handshake with a proxy. */
  readonly timeoutMs: number;
  /** Ends it, and its connection. */
  readonly signal: AbortSignal;
}

/** The headers of an answer, and the way to the rest. */
export interface Incoming {
  readonly status: number;
  /** In small letters. */
  readonly headers: {
    readonly [name: string]: string | string[] | undefined;
    readonly date?: string | undefined;
  };
  /** To be taken once. Leaving the loop early ends the connection. */
  readonly body: AsyncIterable<Buffer>;
  /** It may take as long as it likes; only probes of TCP, each so often, find a peer that is gone. */
  readonly withoutEnd: (probeMs: number) => void;
  readonly onClose: (listener: () => void) => void;
  /** Ends the connection. */
  readonly destroy: () => void;
}

export interface Network {
  /** @throws what the system or TLS has against it */
  readonly send: (request: Outgoing) => Promise<Incoming>;
  /** `proxied`: one that goes through a proxy, to be used like the others. */
  readonly createAgent: (server: URL, probeMs: number, proxied?: Agent) => Agent;
  /** What is under way may finish; nothing is kept any more. */
  readonly retireAgent: (agent: Agent) => void;
  readonly isSameTls: (one: Tls, other: Tls | undefined) => boolean;
  /** @throws what cannot be used of it */
  readonly checkTls: (tls: Tls) => void;
  /** @throws when it cannot be a header */
  readonly checkHeader: (name: string, value: string) => void;
}
