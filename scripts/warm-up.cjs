'use strict';
/*
 * Runs the program once against a server that says what an API server would, and keeps the code that V8 made of it on
 * the way: all that a start needs, nothing that it does not.
 */
const { mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { cacheOf, load, loaded } = require('../bin/load.js');

let version = 0;

function answer(request, response) {
  const body = [];
  request.on('data', (part) => body.push(part));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') {
      response.statusCode = 404;
      response.end(JSON.stringify({ kind: 'Status', code: 404, reason: 'NotFound' }));
      return;
    }
    const lease = JSON.parse(Buffer.concat(body).toString());
    version += 1;
    Object.assign(lease.metadata, { uid: 'warm-up', resourceVersion: String(version) });
    response.statusCode = request.method === 'POST' ? 201 : 200;
    response.end(JSON.stringify(lease));
  });
}

async function warmUp(folder) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const kubeconfig = join(folder, 'config');
  const cluster = { server: `http://127.0.0.1:${server.address().port}` };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'it', cluster }],
      users: [{ name: 'it', user: {} }],
      contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
      'current-context': 'it',
    }),
  );
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
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-warm-up-'));
  try {
    await warmUp(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
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
