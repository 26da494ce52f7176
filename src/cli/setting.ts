import { UsageError } from '../errors.ts';
import { typed } from '../text.ts';
import type { Flag } from './flags.ts';

/** The text of an option, before anybody has looked at what it says. A boolean that is on says `true`. */
export interface Setting {
  /** Who says so, as people know it: `--lock` or `K8S_LEADER_LOCK`. */
  readonly from: string;
  readonly text: string;
}

/** What was said, by flag. */
export type Settings = Readonly<Partial<Record<Flag, Setting>>>;

/** What commander hands over for a flag; `text` is undefined for one without a value. @throws {UsageError} */
export function settingFrom(
  from: string,
  text: string | undefined,
  earlier: Setting | undefined,
): Setting {
  if (text === undefined) return { from, text: 'true' };
  if (earlier !== undefined) throw new UsageError(`${from} is given twice`, 'leave one out');
  if (text === '') throw new UsageError(`${from} is empty`, 'give it a value, or leave it out');
  // Commander takes the next word whatever it is. No value begins like this; a negative number says more later.
  if (/^-[^\d.]/.test(text))
    throw new UsageError(`${from} needs a value, but '${typed(text)}' follows`, 'give it a value');
  return { from, text };
}

/** The error for a setting that is invalid; `problem` is said about the value. */
export function refusal(setting: Setting, problem: string, hint: string): UsageError {
  return new UsageError(`${show(setting)}: ${problem}`, hint);
}

/** A setting as part of a message. */
export function show({ from, text }: Setting): string {
  return `${from} '${typed(text)}'`;
}
