/**
 * The events of a watch on one object, a line of JSON each:
 * https://kubernetes.io/docs/reference/using-api/api-concepts/
 * A server, or a proxy before it, that knows no field selectors shows the others of the kind too; they are passed over.
 */
import { LockFault, type Sighting } from '../election/lock.ts';
import type { Answer } from '../kube/exchange.ts';
import { isObject, parseJson } from '../kube/json.ts';
import { versioned, wellFormed, type ObjectKind } from './api-object.ts';

/** The query that asks for the changes of one object, and first for how it is now. */
export function watchQuery(name: string): string {
  // What separates the terms of a selector is escaped there, whatever a URL does with it.
  const value = name.replace(/[\\,=]/g, '\\$&');
  return `watch=1&fieldSelector=${encodeURIComponent(`metadata.name=${value}`)}`;
}

/** What a watch has been answered with. */
interface WatchAnswer {
  readonly lines: AsyncIterable<string>;
  /** Makes a fault of the answer in an event of type ERROR. */
  readonly fault: (answer: Answer) => LockFault;
}

/**
 * What the lines show of the object of that name.
 * @throws {LockFault} that of an ERROR; `unreachable` for what is no event, `unsupported` for what is not ours to write
 */
export async function* sightings(
  kind: ObjectKind,
  name: string,
  { lines, fault }: WatchAnswer,
): AsyncGenerator<Sighting, undefined> {
  for await (const line of lines) {
    const event = parseJson(line);
    const { type, object } = isObject(event) ? event : {};
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        if (!isAnother(object, name)) yield present(kind, object);
        break;
      case 'DELETED':
        if (!isAnother(object, name)) yield deletion(kind, object);
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

function present(kind: ObjectKind, object: unknown): Sighting {
  const seen = versioned(kind, object);
  return { version: seen.version, seen };
}

/** Whosever it was: it is gone. */
function deletion(kind: ObjectKind, object: unknown): Sighting {
  return { version: wellFormed(kind, object).metadata.resourceVersion, seen: undefined };
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
