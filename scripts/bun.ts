/**
 * The Bun that executables are made of, and with: that of the lock file in packaging/executable, each form in a folder of
 * the user's cache, since npm installs for one kind of machine at a time.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const recipe = resolve(import.meta.dirname, '../packaging/executable');
const { packages: runtimes } = JSON.parse(
  readFileSync(join(recipe, 'package-lock.json'), 'utf8'),
) as { packages: Readonly<Record<string, { readonly version: string }>> };
const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
const isMusl = header.glibcVersionRuntime === undefined;
export const thisMachine = `linux-${process.arch}${isMusl ? '-musl' : ''}`;

/** For the bundler: streams that nobody may look at. Bun would open them. */
export const withoutStreams: Readonly<Record<string, string>> = {
  'process.stdin': '{}',
  'process.stdout': '{}',
  'process.stderr': '{}',
};

/** The Bun of the lock file for such a machine. */
export function runtime(form: string): string {
  const name = `bun-${form.replace('arm64', 'aarch64')}`;
  const found = runtimes[`node_modules/@oven/${name}`];
  if (!found) throw new Error(`there is no Bun for ${form}`);
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'k8s-leader');
  const folder = join(cache, `${name}-${found.version}`);
  const program = join(folder, 'node_modules/@oven', name, 'bin/bun');
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(join(recipe, file), join(folder, file));
    const [os = '', cpu = '', libc = 'glibc'] = form.split('-');
    const machine = [`--os=${os}`, `--cpu=${cpu}`, `--libc=${libc}`];
    const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
    execFileSync('npm', ['ci', ...quietly, ...machine], { cwd: folder, stdio: 'inherit' });
  }
  return program;
}

/** Compiles a CommonJS file for such a machine; `orders` say what a start needs of the code, and in which order. */
export function compile(
  bundled: string,
  form: string,
  outfile: string,
  orders: readonly string[] = [],
): void {
  execFileSync(
    runtime(thisMachine),
    [
      ...['build', '--compile', '--bytecode', '--minify', `--target=bun-${form}`],
      `--compile-executable-path=${runtime(form)}`,
      ...(orders.length > 0 ? [`--bytecode-order=${orders.join()}`] : []),
      // A wrapper waits: what a just-in-time compiler costs at the start is never earned back.
      '--compile-jit-policy=1000000',
      // Files of whoever starts it, in the folder where that happens, are none of its business.
      ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
      ...['--outfile', outfile, bundled],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
}
