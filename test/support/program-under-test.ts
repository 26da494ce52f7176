/**
 * What the black-box tests and the benchmarks start: `bin/k8s-leader.js` as built, by this Node; or the one-file
 * executable that the variable EXECUTABLE names, so that one suite serves both forms.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
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

/** Whether the executable is our own host with our code (scripts/host.js), where there is nothing of Node or Bun. */
export const isHost = executable !== undefined && !readFileSync(executable).includes('BUN_OPTIONS');

/** The program with a module of ours loaded with it, to do it harm. For the host it is made anew, as it loads nothing. */
export function programWith(module: string): readonly string[] {
  if (executable === undefined) return [process.execPath, '--import', module, bin];
  if (isHost) return [hostWith(basename(module, '.js'), join(dirname(module), 'host'))];
  return ['env', `BUN_OPTIONS=--preload=${module}`, executable];
}

const harmed = resolve('build/harmed');
const made = new Set<string>();

/** The program whose code begins with the file of that name. */
function hostWith(name: string, folder: string): string {
  const outfile = join(harmed, name);
  if (!made.has(name))
    execFileSync(process.execPath, ['scripts/host.js', join(folder, `${name}.ts`), outfile], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  made.add(name);
  return outfile;
}

/** Whether this is the command line of a running program. */
export function isProgram(argv: readonly string[]): boolean {
  return executable
    ? (argv[0] === executable || dirname(argv[0] ?? '') === harmed) && argv.length > 1
    : argv[0] === process.execPath && argv.includes(bin);
}
