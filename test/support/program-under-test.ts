/**
 * What the black-box tests and the benchmarks start: `bin/k8s-leader.js` as built, by this Node; or the one-file
 * executable that the variable EXECUTABLE names, so that one suite serves both forms.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const bin = fileURLToPath(new URL('../../bin/k8s-leader.js', import.meta.url));

const named = process.env['EXECUTABLE'];

/** The executable, where that is what is tested. */
export const executable = named ? resolve(named) : undefined;

/** The program, its arguments are to follow. */
export const program: readonly string[] = executable ? [executable] : [process.execPath, bin];

/** In a way that nothing ever opens an inspector. */
export const programWithoutInspector: readonly string[] = executable
  ? program
  : [process.execPath, '--disable-sigusr1', bin];

/** The program with a module of ours loaded before it, to do it harm. */
export function programWith(module: string): readonly string[] {
  return executable
    ? ['env', `BUN_OPTIONS=--preload=${module}`, executable]
    : [process.execPath, '--import', module, bin];
}

/** Whether this is the command line of a running program. */
export function isProgram(argv: readonly string[]): boolean {
  return executable
    ? argv[0] === executable && argv.length > 1
    : argv[0] === process.execPath && argv.includes(bin);
}
