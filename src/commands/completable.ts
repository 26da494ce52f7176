/** What can be completed, as far as a shell has to know it. */

/** What follows an option: nothing, one of these words, a file, or a word that nobody can guess. */
export type Value = readonly string[] | 'nothing' | 'file' | 'word';

export interface CompletableOption {
  readonly long: string;
  readonly short: string | undefined;
  readonly about: string;
  readonly value: Value;
}

export interface CompletableCommand {
  readonly name: string;
  readonly about: string;
  readonly options: readonly CompletableOption[];
  /** What follows the options: nothing, one of these words, or a command line of its own. */
  readonly operand: readonly string[] | 'nothing' | 'command line';
}
