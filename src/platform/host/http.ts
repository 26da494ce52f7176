/** HTTP/1.1, the client's side, on a channel: one request after the other. */

export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What has come after it. */
  readonly rest: Buffer;
}

type Read = () => Promise<Uint8Array<ArrayBuffer>>;

const mostHeadBytes = 262_144;
const switching = 101;

/** The next one that is final. @throws {Error} when there is none */
export async function readHead(read: Read): Promise<Head> {
  let bytes = Buffer.alloc(0);
  for (;;) {
    const head = bytes.length > 0 ? native.parseHead(bytes) : undefined;
    if (head) {
      const rest = bytes.subarray(head.length);
      if (head.status >= 200 || head.status === switching)
        return { status: head.status, headers: head.headers, rest };
      bytes = rest;
      continue;
    }
    const more = await read();
    if (more.length === 0) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    bytes = Buffer.concat([bytes, more]);
    if (bytes.length > mostHeadBytes) throw new Error('the headers of the answer have no end');
  }
}

/** How an answer ends: `reusable` when another may follow on the channel. */
export type Framing =
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'end' };

export function framingOf({ status, headers }: Head): Framing {
  if (status === 204 || status === 304) return { kind: 'length', length: 0 };
  if (/\bchunked\b/i.test(headers['transfer-encoding'] ?? '')) return { kind: 'chunked' };
  const length = headers['content-length'];
  if (length === undefined) return { kind: 'end' };
  if (!/^\d+$/.test(length)) throw new Error('the answer has no length that makes sense');
  return { kind: 'length', length: Number(length) };
}

/** The bytes of a body among those that come. */
export interface Content {
  /** @throws {Error} when they make no sense */
  take(bytes: Uint8Array): Uint8Array;
  isOver(): boolean;
}

export function contentOf(framing: Framing): Content {
  if (framing.kind === 'chunked') return native.chunks();
  if (framing.kind === 'end') return { take: (bytes) => bytes, isOver: () => false };
  let left = framing.length;
  return {
    take(bytes) {
      const piece = bytes.subarray(0, left);
      left -= piece.length;
      return piece;
    },
    isOver: () => left === 0,
  };
}
