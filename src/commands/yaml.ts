import { escapedForYaml } from '../text.ts';

/**
 * These objects as one YAML stream, a document each. What would steer a terminal or hide in it is escaped: YAML itself allows
 * it as it is, and so does what writes it.
 */
export async function yamlOf(...objects: readonly unknown[]): Promise<string> {
  const { dumpYaml } = await import('@kubernetes/client-node/dist/yaml.js');
  const dump = (object: unknown) => dumpYaml(object, { lineWidth: -1 });
  const escapes: string[] = [];
  let mark = 'escaped';
  while (JSON.stringify(objects).includes(mark)) mark += 'd';
  const marked = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const escaped = escapedForYaml(value);
      if (escaped === undefined) return value;
      escapes.push(escaped);
      return `${mark}${String(escapes.length - 1)}.`;
    }
    if (Array.isArray(value)) return value.map(marked);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, marked(each)]));
  };
  return objects
    .map((object) => dump(marked(object)))
    .join('---\n')
    .replaceAll(new RegExp(`${mark}(\\d+)\\.`, 'g'), (_, index) => escapes[Number(index)] ?? '');
}
