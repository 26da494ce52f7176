/**
 * Whether `version` is a later state of a lock than `other`; undefined when nobody can tell. Resource versions of
 * Kubernetes are decimal numbers that grow with every change of any object (KEP-5504), beyond what a double holds.
 */
export function isLater(version: string, other: string): boolean | undefined {
  if (version === other) return false;
  if (!isNumber(version) || !isNumber(other)) return undefined;
  return BigInt(version) > BigInt(other);
}

/** Up to 64 bits and some: a longer one is somebody's joke. */
function isNumber(version: string): boolean {
  return /^\d{1,30}$/.test(version);
}
