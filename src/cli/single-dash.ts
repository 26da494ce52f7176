/** `-lock NAME` where `--lock NAME` is meant. A group of short flags and a value is what it says: `-l ock`, then NAME. */
import type { CommanderError } from 'commander';
import { UsageError } from '../errors.ts';
import { typed } from '../text.ts';

/** @throws {UsageError} when one of the words before CMD, or before `--`, is a long flag but for its second dash */
export function refuseSingleDash(head: readonly string[], known: readonly string[]): void {
  const end = head.indexOf('--');
  const slip = head.slice(0, end < 0 ? head.length : end).find((word) => isSlip(word, known));
  if (slip !== undefined) throw refusal(slip);
}

/** @throws {UsageError} when that is what commander could not make sense of; it names the rest of the group */
export function refuseSlip(
  { message }: CommanderError,
  argv: readonly string[],
  known: readonly string[],
): void {
  const rest = /unknown option '-([^-].*)'/s.exec(message)?.[1];
  if (rest === undefined) return;
  const slip = argv.find((word) => word.endsWith(rest) && isSlip(word, known));
  if (slip !== undefined) throw refusal(slip);
}

function isSlip(word: string, known: readonly string[]): boolean {
  return word.startsWith('-') && known.includes(nameIn(word));
}

function nameIn(word: string): string {
  return word.slice(1).replace(/=.*/s, '');
}

function refusal(word: string): UsageError {
  return new UsageError(`unknown option '${typed(word)}'`, `did you mean --${nameIn(word)}?`);
}
