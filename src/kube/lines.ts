/** A body of lines that has no end of its own, as a watch has: split as it comes, with a bound for each line. */

/**
 * The lines of some UTF-8, wherever its chunks are cut, without those that are blank; the last may lack its line feed.
 * Nothing is read ahead of whoever takes them. @throws {Error} at a line of more than `maxLineBytes`
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
