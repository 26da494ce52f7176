'use strict';
/*
 * What the door needs of the program that runs it, which is Node.
 */
const { readFileSync, writeSync } = require('node:fs');
const { createRequire } = require('node:module');
const { basename, resolve } = require('node:path');
const { Script } = require('node:vm');

/** As package.json says; a test compares them. */
const oldest = [22, 15];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  const found = `${process.versions.node} (${process.execPath})`;
  writeSync(
    2,
    `k8s-leader: error: needs Node ${oldest.join('.')} or newer, this is ${found}; install a newer one, or use the one-file executable, which needs no Node\n`,
  );
  process.exit(69);
}

/** The folder of what was built. */
const dist = resolve(__dirname, '../dist');
const loaded = new Map();

/**
 * A built file of the program, by its name, with the code that V8 made of it in the build: compiling it anew, in every
 * process, is a quarter of a start. V8 refuses what another version of it has made, or the same with other flags;
 * then, as without a cache, it compiles what is needed.
 */
function load(name) {
  const known = loaded.get(name);
  if (known) return known.module.exports;
  const filename = resolve(dist, name);
  const source = readFileSync(filename, 'latin1');
  const script = new Script(`(function (exports, require, module) {${source}\n})`, {
    filename,
    cachedData: readCache(filename),
  });
  const module = { exports: {} };
  loaded.set(name, { script, module, filename });
  const fromNode = createRequire(filename);
  const require = (id) => (id.startsWith('./') ? load(id.slice(2)) : fromNode(id));
  script.runInThisContext()(module.exports, require, module);
  return module.exports;
}

/** Node's versions differ in their V8, processors in its code. */
function cacheOf(filename) {
  return `${filename}.${process.version}-${process.arch}.cache`;
}

function readCache(filename) {
  try {
    return readFileSync(cacheOf(filename));
  } catch {
    return undefined;
  }
}

/**
 * Looking at one of these makes the stream that CMD shares with us non-blocking, and CMD loses output. Node itself
 * looks, whenever a socket is closed or node:util is imported, and so do libraries: they see something else.
 */
function hideStreams() {
  for (const name of ['stdin', 'stdout', 'stderr'])
    Object.defineProperty(process, name, { value: {} });
}

/**
 * A USR1 in the milliseconds before our handlers were there opened Node's inspector. Whoever writes the whole command line
 * can avoid it with `node --disable-sigusr1`. A shebang cannot pass it on every system (env -S is unknown to busybox, and
 * sh would drop variables from the environment), so here it is closed again.
 */
async function closeInspector() {
  if (process.execArgv.includes('--disable-sigusr1')) return;
  const inspector = require('node:inspector');
  // The signal is seen twice, by an interrupt and by the loop: once closed, or if its port was taken, it opens again.
  for (let round = 0; round < 3; round += 1) {
    if (inspector.url() !== undefined) inspector.close();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Ends the process. An exit waits for threads, also for one that writes to a stderr that nobody reads: `stuck` takes
 * them away first.
 */
function leave(status, stuck) {
  if (stuck)
    process.execve(process.execPath, [process.execPath, '-e', `process.exit(${status})`], {});
  // Not process.exitCode: Node would take down its signal handlers first, and a late TERM would hide the status.
  process.exit(status);
}

/** Node's program is many files. */
const executable = undefined;

/** The keeper's program, beside the door. */
const findKeeper = () => resolve(__dirname, `../native/bin/keeper-${process.platform}-${process.arch}`);

/** Node has given every signal its default disposition, and marked what it does not want to hand on. */
const inherited = { ignoredSignals: 0n, descriptors: undefined };

/** The name that we were started by, `kubectl-leader` for one. */
function calledAs() {
  return basename(process.argv[1] ?? '');
}

module.exports = { executable, findKeeper, inherited, calledAs, load, loaded, cacheOf, hideStreams, closeInspector, leave };
