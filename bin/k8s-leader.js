#!/usr/bin/env node
/* The door. Signals have handlers before anything else is loaded; what arrives until somebody listens is kept. */
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

const door = require('./node.js');
const { executable, findKeeper, inherited, calledAs, load, hideStreams, closeInspector, leave } = door;
hideStreams();
process.removeAllListeners('warning');

const argv = process.argv.slice(2);
const isOnlyVersion = argv.length === 1 && ['--version', '-V', 'version'].includes(argv[0]);
const { main } = load(isOnlyVersion ? 'only-version.cjs' : 'main.cjs');
const running = main({
  argv,
  env: process.env,
  executable,
  findKeeper,
  inherited,
  calledAs: calledAs(),
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
  await closeInspector();
  const { status, signal, stuck } = await running;
  if (signal !== undefined && process.pid !== 1) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }
  leave(status, stuck);
}
