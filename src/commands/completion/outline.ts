/** What the command line consists of, as far as a shell or a manual has to know it. */

/** What follows an option: nothing, one of these words, a file, or a word that nobody can guess. */
export type Value = readonly string[] | 'nothing' | 'file' | 'word';

export interface OptionOutline {
  /** `--lock` */
  readonly long: string;
  /** `-l` */
  readonly short: string | undefined;
  readonly about: string;
  readonly value: Value;
}

export interface CommandOutline {
  readonly name: string;
  readonly about: string;
  readonly options: readonly OptionOutline[];
  /** What follows the options: nothing, one of these words, or a command line of its own. */
  readonly operand: readonly string[] | 'nothing' | 'command line';
}
