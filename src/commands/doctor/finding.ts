/** What `doctor` has found out: one line each, and what follows for the exit status. */
import { LockFault } from '../../election/lock.ts';
import { ExpectedError, faultStatus } from '../../errors.ts';
import { exitCode } from '../../exit-code.ts';
import { printable } from '../../text.ts';

/**
 * - `well`: nothing to do
 * - `ill`: `remedy` says what to do, `code` what a script gets
 * - `open`: cannot be known, or is for people to judge
 */
export type Finding =
  | { readonly kind: 'well'; readonly about: string; readonly text: string }
  | {
      readonly kind: 'ill';
      readonly about: string;
      readonly text: string;
      readonly remedy?: string | undefined;
      readonly code: number;
    }
  | {
      readonly kind: 'open';
      readonly about: string;
      readonly text: string;
      readonly remedy?: string | undefined;
    };

/** In the order in which they are found. */
export type Findings = AsyncGenerator<Finding, void>;

export const well = (about: string, text: string): Finding => ({ kind: 'well', about, text });

export const ill = (
  about: string,
  text: string,
  remedy?: string,
  code: number = exitCode.unwell,
): Finding => ({ kind: 'ill', about, text, remedy, code });

export const open = (about: string, text: string, remedy?: string): Finding => ({
  kind: 'open',
  about,
  text,
  remedy,
});

/** A fault of the lock, or of the way to it, as `run` would judge it. @throws what is none */
export function illness(about: string, thrown: unknown): Finding {
  if (thrown instanceof LockFault)
    return ill(about, thrown.message, thrown.hint, faultStatus(thrown));
  if (thrown instanceof ExpectedError)
    return ill(about, thrown.message, thrown.hint, thrown.exitCode);
  throw thrown;
}

const marks = { well: '✓', ill: '✗', open: '–' } as const;

export function lineOf(finding: Finding): string {
  const remedy = 'remedy' in finding && finding.remedy !== undefined ? `; ${finding.remedy}` : '';
  return `${marks[finding.kind]} ${finding.about}: ${printable(finding.text + remedy)}\n`;
}

/** Whatever keeps everything else from being found out comes first. */
export function statusOf(findings: readonly Finding[]): number {
  const codes = findings.flatMap((finding) => (finding.kind === 'ill' ? [finding.code] : []));
  const known = [exitCode.unavailable, exitCode.denied].find((code) => codes.includes(code));
  return known ?? (codes.length > 0 ? exitCode.unwell : 0);
}
