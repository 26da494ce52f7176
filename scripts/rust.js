/**
 * Cargo for native/host, on x64, so that what it makes depends on the commit alone: not on the folders, nor on what else
 * the machine has. Rust is that of native/host/rust-toolchain.toml, which also brings the linker; C is compiled by the
 * compiler of native/. Only the crates' build scripts, which do not ship, are linked by the machine's cc.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { compiler as compilerOfC } from '../native/compiler.js';
import { triples } from './triples.ts';

/** For a download. */
const mostMs = 300_000;

/**
 * Sees to it that Cargo has all that it needs for such a machine. Throws an Error that says what is missing, and cannot be
 * had. rustup does not bring a target by itself where RUSTUP_AUTO_INSTALL is 0.
 */
export function prepare(crate, form) {
  const triple = triples[form];
  const bring = (command, args, what) => {
    try {
      execFileSync(command, args, { cwd: crate, stdio: 'inherit', timeout: mostMs });
    } catch (cause) {
      throw new Error(`the one-file executable needs ${what}, and ${command} could not bring it`, {
        cause,
      });
    }
  };
  if (!existsSync(join(sysroot(crate), 'lib/rustlib', triple)))
    bring('rustup', ['target', 'add', triple], `Rust for ${triple}`);
  bring('cargo', ['fetch', '--quiet', '--locked', '--target', triple], 'the crates of Cargo.lock');
}

/**
 * Runs a command of Cargo's for such a machine, which has been prepared, optimised; returns the folder of what it has made.
 * `env` is for the crate.
 */
export function cargo(crate, form, words, env = {}) {
  const triple = triples[form];
  const inCache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'k8s-leader/host');
  const target = process.env.CARGO_TARGET_DIR ?? inCache;
  const { zig, lib } = compilerOfC();
  const name = triple.replaceAll('-', '_');
  const [cc, ar] = ['cc.sh', 'ar.sh'].map((script) => inFolder(target, join(crate, script)));
  // What ends up in messages of panics and assertions.
  const remapped = Object.entries({
    [process.env.CARGO_HOME ?? join(homedir(), '.cargo')]: '/cargo',
    [join(sysroot(crate), 'lib/rustlib/src/rust')]: '/rust',
    [target]: '/target',
  });
  const flags = [
    ...['-C', 'linker=rust-lld', '-C', 'linker-flavor=ld.lld'],
    ...remapped.flatMap(([from, to]) => ['--remap-path-prefix', `${from}=${to}`]),
  ];
  const [command, ...rest] = words;
  const args = [command, '--locked', '--release', '--target', triple, ...rest];
  execFileSync('cargo', args, {
    cwd: crate,
    stdio: 'inherit',
    env: {
      ...process.env,
      CARGO_TARGET_DIR: target,
      CARGO_ENCODED_RUSTFLAGS: flags.join('\x1f'),
      ZIG: zig,
      ZIG_LIB_DIR: lib,
      CC_SHELL_ESCAPED_FLAGS: '1',
      [`CC_${name}`]: cc,
      [`AR_${name}`]: ar,
      [`CFLAGS_${name}`]: [
        `-target ${triple.replace('-unknown', '')} -fno-sanitize=all`,
        ...remapped.map(([from, to]) => `'-ffile-prefix-map=${from}=${to}'`),
      ].join(' '),
      ...env,
    },
  });
  return join(target, triple, 'release');
}

/** A copy there, so that what one checkout has compiled serves another: Cargo compares the paths of compilers. */
function inFolder(folder, script) {
  const copy = join(folder, basename(script));
  if (existsSync(copy) && readFileSync(copy).equals(readFileSync(script))) return copy;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${copy}.${process.pid}`;
  copyFileSync(script, unfinished);
  renameSync(unfinished, copy);
  return copy;
}

function sysroot(crate) {
  try {
    return execFileSync('rustc', ['--print', 'sysroot'], { cwd: crate, encoding: 'utf8' }).trim();
  } catch (thrown) {
    if (thrown.code !== 'ENOENT') throw thrown;
    throw new Error('the one-file executable needs Rust, by rustup: https://rustup.rs', {
      cause: thrown,
    });
  }
}
