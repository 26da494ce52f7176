/** Somebody else's words as part of ours: nothing in them ends a line, steers a terminal, or shows a credential. */

/** Control and invisible formatting characters, and what ends a line: all that a terminal acts upon. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Text as part of a line for people, with escapes for what would not print. */
export function printable(text: string): string {
  return text.replace(unprintable, codeOf);
}

/** The same for JSON text, where an escape means what it stands for. */
export function printableJson(json: string): string {
  return json.replace(unprintable, (found) =>
    Array.from({ length: found.length }, (_, unit) => unitEscape(found.charCodeAt(unit))).join(''),
  );
}

/** Text as a YAML scalar in quotation marks; undefined when it can stand there as it is. */
export function escapedForYaml(text: string): string | undefined {
  const isPrintable = text.replaceAll('\n', '').search(unprintable) < 0;
  if (isPrintable) return undefined;
  return JSON.stringify(text.toWellFormed()).replace(unprintable, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** A name in quotation marks. */
export function quoted(name: string): string {
  return printable(JSON.stringify(name.toWellFormed()));
}

/** What a user typed, cut, as part of a message: escaped so that the slip in it can be seen. */
export function typed(text: string, length = 80): string {
  const start = text.length > length ? `${text.slice(0, length)}…` : text;
  return start.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const named = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return named ?? codeOf(character);
  });
}

const longest = 300;

/**
 * What a server, a plugin or a file says, as part of a message: one line of at most 300 characters, without what looks
 * like a bearer token.
 */
export function oneLine(text: string): string {
  const line = text
    .slice(0, 8 * longest)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/(bearer |eyJ)[\w.~+/=-]+/gi, '<token>')
    .trim();
  return (line.length > longest ? `${line.slice(0, longest - 1)}…` : line).toWellFormed();
}

function codeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function unitEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
