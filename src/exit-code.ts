/**
 * The exit statuses that are ours, after sysexits.h where it has a fitting one. Everything else is CMD's own:
 * its exit code, or 128+n when signal n ended it. docs/reference.md, docs/troubleshooting.md and tests are checked
 * against this table.
 */
export const exitCode = {
  usage: 64,
  unavailable: 69,
  defect: 70,
  conflict: 75,
  denied: 77,
  unwell: 78,
  lost: 79,
  notExecutable: 126,
  notFound: 127,
} as const;

/** How this process is to end. With `signal` by that signal, so that a calling shell sees what stopped it. */
export interface Exit {
  readonly status: number;
  readonly signal?: NodeJS.Signals;
}
