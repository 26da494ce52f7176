const maxLength = 300;

/**
 * Text that somebody else wrote (a server, a plugin, a file) as part of a message: one line of at most 300
 * characters, without control or invisible formatting characters, and without what looks like a bearer token.
 */
export function oneLine(text: string): string {
  const line = text
    .slice(0, 8 * maxLength)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .replace(/(bearer |eyJ)[\w.~+/=-]+/gi, '<token>')
    .trim();
  return (line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line).toWellFormed();
}
