/**
 * An answer that goes on: its headers are bounded in time like any answer, its lines are not. Silence is nothing that
 * can be told from a quiet server here, so no timer watches it; only TCP does, which finds a peer that is gone.
 */
import type { Incoming } from '../platform/network-port.ts';
import {
  keepAliveMs,
  begin,
  maxBodyBytes,
  readAnswer,
  type Answer,
  type Exchange,
} from './exchange.ts';
import { networkFault } from './network-fault.ts';

/** A 200 whose body is still to come. */
export interface Stream {
  readonly status: 200;
  /**
   * To be taken once, as they come; what is not taken is not read either. Ends with the server's last line, and
   * without a word when the signal of the request aborts or the connection is closed; either, like leaving the loop,
   * ends the connection it was on. @throws {LockFault} `unreachable` while iterating
   */
  readonly lines: AsyncIterable<string>;
}

/**
 * One request and the beginning of its answer, or all of it if it is no 200. `outlive` is called when the stream has
 * begun, and what it returns when the stream has ended. @throws what the platform throws
 */
export async function openStream(
  exchange: Exchange,
  outlive: () => () => void,
): Promise<Answer | Stream> {
  const response = await begin(exchange);
  if (response.status !== 200) return readAnswer(response);
  response.withoutEnd(keepAliveMs);
  response.onClose(outlive());
  return { status: 200, lines: linesOf(response, exchange) };
}

async function* linesOf(
  { body }: Incoming,
  { signal, server }: Exchange,
): AsyncGenerator<string, undefined> {
  try {
    for await (const line of splitLines(body, maxBodyBytes)) {
      if (signal.aborted) return;
      yield line;
    }
  } catch (error) {
    if (!signal.aborted) throw networkFault(error, { server });
  }
}

/**
 * The lines of some UTF-8, wherever its chunks are cut, without those that are blank; the last may lack its line feed.
 * Reads no further than the caller does. @throws {Error} at a line of more than `maxLineBytes`
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  maxLineBytes: number,
): AsyncGenerator<string, undefined> {
  let begun: Buffer[] = [];
  let size = 0;
  // No byte of a longer character looks like a line feed, so what lies between two of them is whole.
  const add = (part: Buffer): void => {
    size += part.length;
    if (size > maxLineBytes)
      throw new Error(`a line of the answer is longer than ${String(maxLineBytes)} bytes`);
    begun.push(part);
  };
  const take = (): string => {
    const line = Buffer.concat(begun).toString('utf8').trim();
    begun = [];
    size = 0;
    return line;
  };

  for await (const chunk of chunks) {
    let start = 0;
    for (let end; (end = chunk.indexOf('\n', start)) !== -1; start = end + 1) {
      add(chunk.subarray(start, end));
      const line = take();
      if (line !== '') yield line;
    }
    add(chunk.subarray(start));
  }
  const last = take();
  if (last !== '') yield last;
  return undefined;
}
