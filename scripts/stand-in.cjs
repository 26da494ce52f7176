'use strict';
/* A server that says what an API server would to somebody who takes, renews and releases one Lease. */
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

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

/** Has `use` called with the path of a kubeconfig for such a server, in a folder that is removed afterwards. */
async function withStandIn(use) {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-warm-up-'));
  const server = createServer(answer).listen(0, '127.0.0.1');
  try {
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
    return await use(kubeconfig, folder);
  } finally {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  }
}

module.exports = { withStandIn };
