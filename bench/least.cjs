'use strict';
/**
 * The least that a wrapper written in JavaScript can be: claims a Lease with node:https as a pod does, starts the command,
 * renews and watches. No flags, no messages, no safety. What this costs beyond client-go's wrapper is the runtime's.
 *
 *     node least.cjs LOCK COMMAND [ARG]...
 */
const { spawn } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { Agent, request } = require('node:https');
const { setInterval } = require('node:timers');

const account = (file) =>
  readFileSync(`/var/run/secrets/kubernetes.io/serviceaccount/${file}`, 'utf8');
const leases = `/apis/coordination.k8s.io/v1/namespaces/${account('namespace')}/leases`;
const headers = { authorization: `Bearer ${account('token')}`, 'content-type': 'application/json' };
const server = {
  host: process.env.KUBERNETES_SERVICE_HOST,
  port: process.env.KUBERNETES_SERVICE_PORT,
  ca: account('ca.crt'),
  headers,
};
const agent = new Agent({ keepAlive: true });

function send(method, path, body) {
  return new Promise((resolve, reject) => {
    const sent = request({ ...server, agent, method, path }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => (text += piece));
      answer.on('end', () => resolve({ status: answer.statusCode, object: JSON.parse(text) }));
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

function watch(lock) {
  const path = `${leases}?watch=true&fieldSelector=metadata.name%3D${lock}`;
  request({ ...server, agent: false, path }, (answer) => {
    answer.setEncoding('utf8');
    answer.on('data', (lines) =>
      lines
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    );
  }).end();
}

/** Runs the command that `start` starts, for as long as it likes. */
async function lead(lock, start) {
  await send('GET', `${leases}/${lock}`);
  const spec = { holderIdentity: 'least', leaseDurationSeconds: 15 };
  const lease = { metadata: { name: lock }, spec };
  let { object } = await send('POST', leases, lease);
  start().on('exit', (code) => process.exit(code ?? 1));
  watch(lock);
  setInterval(async () => {
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    const renewed = { ...object, spec: { ...spec, renewTime } };
    ({ object } = await send('PUT', `${leases}/${lock}`, renewed));
  }, 2_000);
}

module.exports = { lead };

if (require.main === module) {
  const [lock, file, ...args] = process.argv.slice(2);
  lead(lock, () => spawn(file, args, { stdio: 'inherit', detached: true }));
}
