#!/usr/bin/env node
/*
 * The door. Signals have handlers before anything else is loaded; what arrives until somebody listens is kept.
 *
 * A USR1 in the milliseconds before would open Node's inspector. Where the command line is ours to write, as in the
 * image, `node --disable-sigusr1` prevents that. A shebang cannot pass it on every system (env -S is unknown to
 * busybox, and sh would drop variables from the environment), so here it is closed again.
 */
'use strict';
const { writeSync } = require('node:fs');

const kept = [];
let deliver;
const hold = () => {
  deliver = (signal) => kept.push(signal);
};
hold();
const names = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
for (const name of names) process.on(name, (signal) => deliver(signal));
/*
 * Looking at one of these makes the stream that CMD shares with us non-blocking, and CMD loses output. Node itself
 * looks, whenever a socket is closed or node:util is imported, and so do libraries: they see something else.
 */
for (const name of ['stdin', 'stdout', 'stderr']) Object.defineProperty(process, name, { value: {} });
process.removeAllListeners('warning');

const { load } = require('./load.js');
const argv = process.argv.slice(2);
const isOnlyVersion = argv.length === 1 && ['--version', '-V'].includes(argv[0]);
const { main } = load(isOnlyVersion ? 'only-version.cjs' : 'main.cjs');
const running = main({
  argv,
  env: process.env,
  signals: {
    hold,
    listen(listener) {
      deliver = listener;
      for (const early of kept.splice(0)) listener(early);
    },
  },
  stdout(text) {
    for (let left = Buffer.from(text); left.length > 0;) {
      try {
        left = left.subarray(writeSync(1, left));
      } catch (error) {
        // Another program has made it non-blocking, and it is full.
        if (error.code !== 'EAGAIN') throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
    }
  },
});
void watchOver();

async function watchOver() {
  if (!process.execArgv.includes('--disable-sigusr1')) await closeInspector();
  const { status, signal, stuck } = await running;
  if (signal !== undefined && process.pid !== 1) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  // An exit waits for threads, also for one that writes to a stderr that nobody reads. This takes them away.
  if (stuck)
    process.execve(process.execPath, [process.execPath, '-e', `process.exit(${status})`], {});
  // Not process.exitCode: Node would take down its signal handlers first, and a late TERM would hide the status.
  process.exit(status);
}

async function closeInspector() {
  const inspector = require('node:inspector');
  // The signal is seen twice, by an interrupt and by the loop: once closed, or if its port was taken, it opens again.
  for (let round = 0; round < 3; round += 1) {
    if (inspector.url() !== undefined) inspector.close();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
