/**
 * The events of a watch on a Lease, one JSON object a line: https://kubernetes.io/docs/reference/using-api/api-concepts/
 * A server, or a proxy before it, that knows no field selectors shows the other Leases too; those are passed over.
 */
import { LockFault, type Sighting } from '../election/lock.ts';
import type { Answer } from '../kube/exchange.ts';
import { isObject, parseJson } from '../kube/json.ts';
import { versioned, wellFormed } from './lease-object.ts';

/** The query that asks for the changes of one Lease, and first for how it is now. */
export function watchQuery(name: string): string {
  // What separates the terms of a selector is escaped there, whatever a URL does with it.
  const value = name.replace(/[\\,=]/g, '\\$&');
  return `watch=1&fieldSelector=${encodeURIComponent(`metadata.name=${value}`)}`;
}

/**
 * What the lines show of the Lease of that name. `fault` makes one of the answer in an event of type ERROR.
 * @throws {LockFault} that; `unreachable` for what is no event, `unsupported` for a Lease that is not ours to write
 */
export async function* sightings(
  lines: AsyncIterable<string>,
  name: string,
  fault: (answer: Answer) => LockFault,
): AsyncGenerator<Sighting, undefined> {
  for await (const line of lines) {
    const event = parseJson(line);
    const { type, object } = isObject(event) ? event : {};
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
      case 'DELETED':
        if (!isAnother(object, name)) yield type === 'DELETED' ? deletion(object) : present(object);
        break;
      case 'BOOKMARK':
        break;
      case 'ERROR':
        throw fault({ status: codeOf(object), headers: {}, body: object });
      default:
        throw new LockFault('unreachable', 'the watch shows something that is no event');
    }
  }
  return undefined;
}

function present(object: unknown): Sighting {
  const seen = versioned(object);
  return { version: seen.version, seen };
}

/** Whatever strategy it was under: it is gone. */
function deletion(object: unknown): Sighting {
  return { version: wellFormed(object).metadata.resourceVersion, seen: undefined };
}

function isAnother(object: unknown, name: string): boolean {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  const given = isObject(metadata) ? metadata['name'] : undefined;
  return given !== undefined && given !== name;
}

function codeOf(status: unknown): number {
  const code = isObject(status) ? status['code'] : undefined;
  return typeof code === 'number' ? code : 500;
}
