#!/bin/sh
':' //; exec node --disable-sigusr1 "$0" "$@"
/*
 * The door. sh reads the two lines above and starts Node with the inspector's signal switched off; Node reads the
 * second one as a string and a comment. Signals have handlers before anything else is loaded: what arrives until
 * somebody listens is kept.
 */
import { writeFileSync } from 'node:fs';

const kept = [];
let deliver;
const hold = () => {
  deliver = (signal) => kept.push(signal);
};
hold();
const names = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
for (const name of names) process.on(name, (signal) => deliver(signal));
// Node writes warnings to process.stderr, which must not be touched.
process.removeAllListeners('warning');

const signals = {
  hold,
  listen(listener) {
    deliver = listener;
    for (const signal of kept.splice(0)) deliver(signal);
  },
};
const { main } = await import('../dist/main.js');
const { status, signal } = await main({
  argv: process.argv.slice(2),
  env: process.env,
  signals,
  stdout: (text) => writeFileSync(1, text),
});
process.exitCode = status;
if (signal !== undefined && process.pid !== 1) {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
