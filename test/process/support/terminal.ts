/** A terminal with a shell on it, and somebody at the keyboard. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isProgram } from '../../support/program-under-test.ts';
import { argvOf, carriersOf, descendantsOf } from './proc.ts';
import type { Program } from './program.ts';
import { quoted, type RunOptions, type Stage } from './stage.ts';

export const key = { ctrlC: '\u0003', ctrlZ: '\u001a', ctrlBackslash: '\u001c' } as const;

/** An interactive bash without any prompt. */
export const interactive = 'exec bash --norc --noprofile -i';

export interface Terminal {
  /** What is on the screen, and the end of it. */
  readonly screen: Program;
  type(keys: string): void;
  /** All wrappers that run on it. */
  wrappers(): number[];
  /** Everything that their commands are and have started. */
  offspring(): number[];
}

/** Opens a terminal on which `shell` is executed, in the stage's folder. */
export function openTerminal(stage: Stage, shell: string): Terminal {
  const env = { PS1: '', TERM: 'dumb' };
  const screen = stage.start(['script', '-qefc', shell, '/dev/null'], { env });
  return {
    screen,
    type: (keys) => void screen.stdin.write(keys),
    offspring: () => carriersOf(screen.mark, 'LEADER_TERM='),
    wrappers: () => descendantsOf(screen.pid).filter((pid) => isProgram(argvOf(pid))),
  };
}

/** Makes `./leader` a program in the stage's folder that is the wrapper with `command`. */
export function installWrapper(
  stage: Stage,
  command: readonly string[],
  options: RunOptions = {},
): void {
  const path = join(stage.folder, 'leader');
  writeFileSync(path, `#!/bin/sh\nexec ${quoted(stage.commandLine(command, options))}\n`);
  chmodSync(path, 0o755);
}
