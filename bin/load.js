'use strict';
/*
 * Loads a built file with the code that V8 made of it in the build: compiling it anew, in every process, is a quarter
 * of a start. V8 refuses what another version of it has made, or the same with other flags; then, as without a cache,
 * it compiles what is needed.
 */
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { resolve } = require('node:path');
const { Script } = require('node:vm');

/** The folder of what was built. */
const dist = resolve(__dirname, '../dist');
const loaded = new Map();

/** A built file of the program, by its name. */
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

module.exports = { load, loaded, cacheOf };
