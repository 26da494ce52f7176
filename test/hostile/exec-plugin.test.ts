/** A credential plugin that may print, spawn and end as it likes: credentials, or one line, within its bound. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe } from 'vitest';
import { loadCluster } from '../../src/kube/config.ts';
import { kubeconfig, patiently, test, type Folder } from '../kube/fixtures.ts';
import { damaged, json, objectLike, text } from './arbitraries.ts';
import { expectExpected, outcomeOf } from './expectations.ts';
import { patience, runs } from './runs.ts';

/** Loads a kubeconfig whose plugin is this script. */
async function load(folder: Folder, script: string, pluginTimeoutMs: number) {
  await folder.write('plugin', `#!/bin/sh\ncd '${folder.path}'\n${script}\n`, 0o700);
  const user = { exec: { command: './plugin' } };
  const file = await folder.write('config', kubeconfig('https://127.0.0.1:1', user));
  const env = { PATH: process.env['PATH'] };
  return outcomeOf(loadCluster({ kubeconfig: file, env, signal: patiently(), pluginTimeoutMs }));
}

const credential = objectLike({
  apiVersion: text,
  kind: fc.constant('ExecCredential'),
  status: objectLike({
    token: text,
    clientCertificateData: text,
    clientKeyData: text,
    expirationTimestamp: fc.oneof(fc.constantFrom('2120-01-01T00:00:00Z', '0', 'soon'), text),
  }),
}).map((value) => JSON.stringify(value));
const output = fc.oneof(
  credential,
  damaged(credential),
  json.map((value) => JSON.stringify(value)),
  fc.uint8Array({ maxLength: 300 }),
);

describe('a plugin gives credentials or is refused with one line', () => {
  test(
    'whatever it prints, and however it ends',
    { timeout: patience(30_000) },
    async ({ folder }) => {
      const end = fc.constantFrom('exit 0', 'exit 1', 'exit 255', 'kill -SEGV $$', 'exec >&-');
      await fc.assert(
        fc.asyncProperty(output, fc.oneof(text, output), end, async (said, complaint, ending) => {
          await folder.write('said', Buffer.from(said as Uint8Array) as unknown as string);
          await folder.write(
            'complaint',
            Buffer.from(complaint as Uint8Array) as unknown as string,
          );
          const { thrown } = await load(folder, `cat said; cat complaint >&2; ${ending}`, 20_000);
          if (thrown !== undefined) expectExpected(thrown, 69);
        }),
        runs(40),
      );
    },
  );

  test.for([
    ['more than anybody wants to read', 'exec cat /dev/zero', 20_000],
    ['complaints without end', 'exec cat /dev/zero >&2', 20_000],
    ['one byte now and then', 'while :; do printf x; sleep 0.01; done', 150],
    ['nothing, and deaf to TERM', "trap '' TERM; sleep 600", 150],
    ['nothing, while a daemon of it keeps its output open', 'setsid sleep 600 & sleep 600', 150],
    ['nothing, stopped', 'kill -STOP $$', 150],
  ] as const)('%s', async ([, script, timeoutMs], { folder }) => {
    const noted = script.replaceAll('sleep 600', 'sleep 600 & echo $! >> pids; wait');
    const { thrown } = await load(folder, noted, timeoutMs);
    expectExpected(thrown, 69);
    const pids = await readFile(join(folder.path, 'pids'), 'utf8').catch(() => '');
    for (const pid of pids.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
  });
});
