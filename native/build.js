/**
 * Compiles the keeper for both kinds of machines, into native/bin, from which it ships. Its bytes are in the repository, so
 * that `npm ci` needs no compiler; they depend on keeper.c and on the compiler alone, whose lock file is here.
 *
 *     node native/build.js [--check]     with --check nothing is written: the bytes must be those that are there
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiler } from './compiler.js';

const here = import.meta.dirname;
const targets = {
  'keeper-linux-x64': 'x86_64-linux-musl',
  'keeper-linux-arm64': 'aarch64-linux-musl',
};
const flags = ['-std=c17', '-Os', '-static', '-s', '-Wall', '-Wextra', '-Werror'];

const isCheck = process.argv.includes('--check');
const { zig, lib } = compiler();
const made = mkdtempSync(join(tmpdir(), 'keeper-'));
try {
  for (const [name, target] of Object.entries(targets)) {
    const args = ['cc', '-target', target, ...flags, '-o', join(made, name), 'keeper.c'];
    const env = { ...process.env, ZIG_LIB_DIR: lib };
    execFileSync(zig, args, { cwd: here, env, stdio: 'inherit' });
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
  const musl = join(lib, 'libc/musl/COPYRIGHT');
  if (!isCheck) copyFileSync(musl, join(here, 'bin/LICENSE-musl'));
} finally {
  rmSync(made, { recursive: true });
}
console.log(isCheck ? 'native/bin is what keeper.c makes' : 'native/bin is up to date');
