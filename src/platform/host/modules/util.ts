/** What libraries import of node:util: words for people. */

export function stripVTControlCharacters(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
}

export function inspect(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  // JSON has no word for a function or a symbol.
  const text = JSON.stringify(value) as string | undefined;
  return text ?? String(value);
}

export function format(text: string, ...values: unknown[]): string {
  let next = 0;
  return text.replace(/%[sdijoO]/g, (mark) =>
    next < values.length ? String(values[next++]) : mark,
  );
}
