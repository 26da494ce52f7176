/**
 * Where a quote stands. A mutation names no file: its quote is found wherever it has moved to, and must stand in one place
 * of the whole code.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const native = 'native/keeper.c';

export interface Code {
  /** Below the project. */
  readonly file: string;
  readonly text: string;
}

/** All that a mutation may change. */
export function codeOf(project: string): Code[] {
  const sources = readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  return [...sources, native].map((file) => ({
    file,
    text: readFileSync(join(project, file), 'utf8'),
  }));
}

/** @throws {Error} unless the quote stands in one place: then the mutation does not fit the code (any more) */
export function placeOf(quote: string, code: readonly Code[]): Code {
  const places = code.flatMap((part) =>
    Array.from({ length: part.text.split(quote).length - 1 }, () => part),
  );
  if (places.length === 1 && places[0]) return places[0];
  const where = places.length === 0 ? 'nowhere' : `in ${places.map(({ file }) => file).join(', ')}`;
  throw new Error(`a quote must stand in one place, and this one stands ${where}: ${quote}`);
}
