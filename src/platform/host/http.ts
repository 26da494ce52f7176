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
        return { status: head.status, headers: joined(head.headers), rest };
      bytes = rest;
      continue;
    }
    const more = await read();
    if (more.length === 0) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    bytes = Buffer.concat([bytes, more]);
    if (bytes.length > mostHeadBytes) throw new Error('the headers of the answer have no end');
  }
}

function joined(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of pairs)
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  return headers;
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

/** The body's pieces as they come. @throws {Error} when it ends too early */
export async function* bodyOf(
  framing: Framing,
  rest: Buffer,
  read: Read,
): AsyncGenerator<Buffer, void> {
  const source = new Source(rest, read);
  if (framing.kind === 'length') {
    yield* source.pieces(framing.length);
  } else if (framing.kind === 'end') {
    for (let piece = await source.any(); piece.length > 0; piece = await source.any()) yield piece;
  } else {
    for (;;) {
      const size = parseInt(await source.line(), 16);
      if (!(size >= 0)) throw new Error('a piece of the answer has no size');
      yield* source.pieces(size);
      // After the last piece come trailers, until an empty line; after the others an empty line.
      let line = await source.line();
      while (size === 0 && line !== '') line = await source.line();
      if (size === 0) return;
    }
  }
}

const mostLineBytes = 8_192;

class Source {
  #buffer: Buffer;
  readonly #read: Read;

  constructor(rest: Buffer, read: Read) {
    this.#buffer = rest;
    this.#read = read;
  }

  async *pieces(length: number): AsyncGenerator<Buffer, void> {
    for (let left = length; left > 0;) {
      const bytes = await this.any();
      if (bytes.length === 0) throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      const piece = bytes.subarray(0, left);
      this.#buffer = bytes.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async line(): Promise<string> {
    let start = Buffer.alloc(0);
    for (;;) {
      const bytes = await this.any();
      if (bytes.length === 0) throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      const end = bytes.indexOf(10);
      start = Buffer.concat([start, end < 0 ? bytes : bytes.subarray(0, end)]);
      if (start.length > mostLineBytes) throw new Error('a line of the answer is too long');
      if (end < 0) continue;
      this.#buffer = bytes.subarray(end + 1);
      return start.toString('latin1').replace(/\r$/, '');
    }
  }

  /** What has come, or comes next; empty at the end. */
  async any(): Promise<Buffer> {
    if (this.#buffer.length > 0) {
      const bytes = this.#buffer;
      this.#buffer = Buffer.alloc(0);
      return bytes;
    }
    const bytes = await this.#read();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }
}
