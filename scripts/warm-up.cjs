'use strict';
/*
 * Runs the program once against a stand-in for an API server, and keeps the code that V8 made of it on the way: all
 * that a start needs, nothing that it does not.
 */
const { renameSync, writeFileSync } = require('node:fs');
const { cacheOf, load, loaded } = require('../bin/node.js');
const { withStandIn } = require('./stand-in.cjs');

async function warmUp(kubeconfig) {
  const complaints = [];
  const { status } = await load('main.cjs').main({
    argv: ['run', '--lock', 'warm-up', '--kubeconfig', kubeconfig, '--', 'true'],
    env: { PATH: process.env.PATH },
    signals: { hold() {}, listen() {} },
    stdout() {},
    stderr: (line) => complaints.push(line),
  });
  if (status !== 0) throw new Error(`the warm-up ended with ${status}: ${complaints.join('; ')}`);
}

async function keepCode() {
  await withStandIn(warmUp);
  for (const { script, filename } of loaded.values()) {
    writeFileSync(`${cacheOf(filename)}.new`, script.createCachedData());
    renameSync(`${cacheOf(filename)}.new`, cacheOf(filename));
  }
}

keepCode().then(
  () => process.exit(0),
  (thrown) => {
    console.error(thrown);
    process.exit(1);
  },
);
