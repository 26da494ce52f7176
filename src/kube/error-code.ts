/** What Node, OpenSSL or the system call an error: its `code`, or else the name of its class. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error ? String(error.code) : error.name;
}
