/** Control and invisible formatting characters, and what ends a line: all that a terminal acts upon. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Somebody else's words as part of a line for people: nothing in them ends it or steers a terminal. */
export function printable(text: string): string {
  return text.replace(unprintable, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same for JSON text, where an escape means what it stands for. */
export function printableJson(json: string): string {
  return json.replace(unprintable, (found) =>
    Array.from({ length: found.length }, (_, unit) => unitEscape(found.charCodeAt(unit))).join(''),
  );
}

function unitEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
