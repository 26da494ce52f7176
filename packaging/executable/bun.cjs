'use strict';
/* What the door needs of the program that runs it, here Bun, in the one-file executable (for Node: bin/node.js). */

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

/** Ourselves, also if the file has been removed. */
const executable = '/proc/self/exe';

module.exports = { executable, load, hideStreams, closeInspector, leave };
