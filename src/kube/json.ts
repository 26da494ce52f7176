/** What `{…}` in JSON or YAML becomes. */
export type JsonObject = Record<string, unknown>;

/** Whether a parsed value is a `{…}`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The `{…}` among the elements of a parsed list; none when it is no list. */
export function objectsIn(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A string, number, boolean or null as text; empty for lists and objects, which would be asked to convert themselves. */
export function plainText(value: unknown): string {
  return typeof value === 'object' && value !== null ? '' : String(value);
}

/** The value of some JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
