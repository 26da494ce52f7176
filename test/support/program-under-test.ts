/**
 * What the black-box tests and the benchmarks start: `bin/k8s-leader.js` as built, by this Node; or the one-file
 * executable that the variable EXECUTABLE names, so that one suite serves both forms.
 */
import { execFileSync } from 'node:child_process';
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

/** The program with a module of ours loaded with it, to do it harm. The executable is made anew, as it loads nothing. */
export function programWith(module: string): readonly string[] {
  if (executable === undefined) return [process.execPath, '--import', module, bin];
  return [executableWith(basename(module, '.js'), join(dirname(module), 'host'))];
}

const harmed = resolve('build/harmed');
const made = new Set<string>();

/** The executable whose code begins with the file of that name. */
function executableWith(name: string, folder: string): string {
  const outfile = join(harmed, name);
  if (!made.has(name))
    execFileSync(process.execPath, ['scripts/executable.js', join(folder, `${name}.ts`), outfile], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  made.add(name);
  return outfile;
}

/** Whether this is the command line of a running program. */
export function isProgram(argv: readonly string[]): boolean {
  const [file = '', ...rest] = argv;
  return executable
    ? (file === executable || dirname(file) === harmed) && rest.length > 0
    : file === process.execPath && rest.includes(bin);
}
