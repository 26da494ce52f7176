import { UsageError } from '../errors.ts';
import type { Flag } from './flags.ts';

/** The text of an option, before anybody has looked at what it says. A boolean that is on says `true`. */
export interface Setting {
  /** Who says so, as people know it: `--lock` or `K8S_LEADER_LOCK`. */
  readonly from: string;
  readonly text: string;
}

/** What was said, by flag. */
export type Settings = Readonly<Partial<Record<Flag, Setting>>>;

/** The error for a setting that cannot be meant; `problem` is said about the value. */
export function refusal(setting: Setting, problem: string, hint: string): UsageError {
  return new UsageError(`${show(setting)}: ${problem}`, hint);
}

/** A setting as part of a message. */
export function show({ from, text }: Setting): string {
  return `${from} '${inOneLine(text)}'`;
}

/** Somebody else's text as part of a message: cut, and with nothing left that a terminal would act upon. */
export function inOneLine(text: string, length = 80): string {
  const start = text.length > length ? `${text.slice(0, length)}…` : text;
  return start.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const named = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return named ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
