/**
 * Versions of a lock and their order. Resource versions of Kubernetes are decimal numbers that grow with every change of
 * any object of the same type (KEP-5504), beyond what a double holds. The version of a lock that is kept in two objects
 * is that of both, `A+B`: such versions have an order in part only, and nobody compares what is of different types.
 */
const separator = '+';
/** Stands for the version of a part that does not exist. */
const absent = 'none';

/** The version of a lock in several objects, or its uid. */
export function joinVersions(parts: readonly (string | undefined)[]): string {
  return parts.map((part) => part ?? absent).join(separator);
}

/**
 * Whether `version` is a later state of a lock than `other`; undefined when nobody can tell. One of several objects is
 * later when none of them is earlier and one is later.
 */
export function isLater(version: string, other: string): boolean | undefined {
  if (version === other) return false;
  const [parts, others] = [version.split(separator), other.split(separator)];
  if (parts.length !== others.length) return undefined;
  const orders = parts.map((part, index) => compare(part, others[index] ?? ''));
  if (orders.includes(undefined)) return undefined;
  const isSomeLater = orders.includes('later');
  if (orders.includes('earlier')) return isSomeLater ? undefined : false;
  return isSomeLater;
}

/** Whether it is that of a lock in several objects. */
export function hasParts(version: string): boolean {
  return version.includes(separator);
}

/** Whether an object that existed `before` is gone, of several of which one is left. */
export function hasLostPart(version: string, before: string): boolean {
  const [parts, partsBefore] = [version.split(separator), before.split(separator)];
  return parts.some((part, index) => part === absent && (partsBefore[index] ?? absent) !== absent);
}

/** One integer that grows with every term of the lock: the version, or that of the last object that was written. */
export function fencingTokenOf(version: string): string {
  return version.slice(version.lastIndexOf(separator) + 1);
}

/** Whether an object that existed `before` is another one now, by the uids of the lock. */
export function hasNewPart(uid: string | undefined, before: string | undefined): boolean {
  if (uid === undefined || before === undefined) return false;
  const [parts, partsBefore] = [uid.split(separator), before.split(separator)];
  return parts.some((part, index) => {
    const partBefore = partsBefore[index] ?? absent;
    return part !== absent && partBefore !== absent && part !== partBefore;
  });
}

/** Whether one of several objects has a version here that it had not `before`. */
export function hasOtherPart(versions: string | undefined, before: string | undefined): boolean {
  if (versions === undefined) return false;
  const partsBefore = before?.split(separator) ?? [];
  return versions
    .split(separator)
    .some((part, index) => part !== absent && part !== partsBefore[index]);
}

function compare(version: string, other: string): 'earlier' | 'same' | 'later' | undefined {
  if (version === other) return 'same';
  if (!isNumber(version) || !isNumber(other)) return undefined;
  const [one, another] = [BigInt(version), BigInt(other)];
  if (one === another) return 'same';
  return one > another ? 'later' : 'earlier';
}

/** Up to 64 bits and some: a longer one is somebody's joke. */
function isNumber(version: string): boolean {
  return /^\d{1,30}$/.test(version);
}
