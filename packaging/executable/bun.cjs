'use strict';
/* What the door needs of the program that runs it, here Bun, in the one-file executable (for Node: bin/node.js). */
const { readdirSync, readFileSync, readlinkSync, writeSync } = require('node:fs');

/** A built file of the program, by its name. Both are inside the executable, compiled. */
function load(name) {
  return name === 'only-version.cjs'
    ? require('../../src/only-version.ts')
    : require('../../src/main.ts');
}

/** The build puts something else in place of the streams: defining them anew would make Bun open them. */
function hideStreams() {}

/** There is none in an executable; a USR1 is ours from the first handler on, and ends us before, as any program. */
async function closeInspector() {}

/** Ends the process, whatever its threads do. */
function leave(status) {
  process.exit(status);
}

/** Bun leaves signals ignored as our caller did, but for two that it ignores itself: PIPE (13) and XFSZ (25). */
function ignoredSignals() {
  const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)/m.exec(read('/proc/self/status')) ?? [];
  return BigInt(`0x${mask}`) & ~(1n << 12n) & ~(1n << 24n);
}

/** Bun marks all descriptors above 2 for closing. Before it opens files, its own are those without one. */
function descriptors() {
  try {
    return readdirSync('/proc/self/fd').map(Number).filter(isInherited);
  } catch {
    return [];
  }
}

function isInherited(fd) {
  try {
    return fd > 2 && !readlinkSync(`/proc/self/fd/${fd}`).startsWith('anon_inode:');
  } catch {
    return false; // the one with which the folder was read
  }
}

function read(file) {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

const inherited = { ignoredSignals: ignoredSignals(), descriptors: descriptors() };

let keeper;

/**
 * The keeper's program is inside of us. A file in memory can be executed without a folder that may be written to; only
 * the C library can make one.
 */
function findKeeper() {
  if (keeper === undefined) {
    const { memfd_create, fcntl } = cLibrary();
    // Above the places where the child finds what it inherits (src/child/keepers.ts).
    const lowest = 5 + inherited.descriptors.length;
    const fd = fcntl(memfd_create(Buffer.from('keeper\0'), closeOnExec), duplicate, lowest);
    if (fd < 0) throw new Error('the system allows no program in memory (memfd_create)');
    const bytes =
      process.arch === 'arm64'
        ? require('../../native/bin/keeper-linux-arm64')
        : require('../../native/bin/keeper-linux-x64');
    for (let left = bytes; left.length > 0;) left = left.subarray(writeSync(fd, left));
    keeper = `/proc/self/fd/${fd}`;
  }
  return keeper;
}

/** The one that Bun is linked with, glibc or musl. */
function cLibrary() {
  const { dlopen } = require('bun:ffi');
  const signature = {
    memfd_create: { args: ['buffer', 'u32'], returns: 'i32' },
    fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  };
  const musl = `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`;
  try {
    return dlopen('libc.so.6', signature).symbols;
  } catch {
    return dlopen(musl, signature).symbols;
  }
}

/** MFD_CLOEXEC of memfd_create(2). */
const closeOnExec = 1;
/** F_DUPFD_CLOEXEC of fcntl(2). */
const duplicate = 1030;

/** The name that we were started by, `kubectl-leader` for one. Bun's argv has names of its own. */
function calledAs() {
  const [first = ''] = readFileSync('/proc/self/cmdline', 'latin1').split('\0');
  return first.slice(first.lastIndexOf('/') + 1);
}

/** Ourselves, also if the file has been removed. */
const executable = '/proc/self/exe';

module.exports = {
  executable,
  findKeeper,
  inherited,
  calledAs,
  load,
  hideStreams,
  closeInspector,
  leave,
};
