import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { ExpectedError } from '../../src/errors.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { loadCluster } from '../../src/kube/config.ts';
import type { Request } from '../../src/kube/connection.ts';
import { tlsFile } from '../support/api-server.ts';
import { connectTo, kubeconfig, patiently, test, token, type Folder } from './fixtures.ts';

const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/one';
const get: Request = { method: 'GET', path, signal: new AbortController().signal };

function credential(status: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status,
  });
}

/** A plugin that notes each call in `calls` and then does what `script` says, and a kubeconfig that names it. */
async function withPlugin(
  {
    folder,
    url,
    ...rest
  }: { folder: Folder; url: string; exec?: object; pluginTimeoutMs?: number; signal?: AbortSignal },
  script: string,
): Promise<Cluster> {
  const { exec, pluginTimeoutMs = 10_000, signal = patiently() } = rest;
  await folder.write(
    'plugin',
    `#!/bin/sh\ncd '${folder.path}'\necho call >> calls\n${script}\n`,
    0o700,
  );
  const apiVersion = 'client.authentication.k8s.io/v1';
  const user = { exec: { apiVersion, command: './plugin', ...exec } };
  const file = await folder.write('config', kubeconfig(url, user));
  const env = { PATH: process.env['PATH'], INHERITED: 'yes' };
  return loadCluster({ kubeconfig: file, env, signal, pluginTimeoutMs });
}

async function calls({ path: folder }: Folder): Promise<number> {
  return (await readFile(join(folder, 'calls'), 'utf8')).split('\n').length - 1;
}

/** A pipe by name: whoever reads it waits for somebody who writes, and the other way round. */
async function fifo(folder: Folder, name: string): Promise<string> {
  const file = join(folder.path, name);
  await promisify(execFile)('mkfifo', [file]);
  return file;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function refusal(loading: Promise<unknown>): Promise<ExpectedError> {
  const thrown: unknown = await loading.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(ExpectedError);
  const error = thrown as ExpectedError;
  expect(error.exitCode).toBe(69);
  expect(error.message).not.toContain(token);
  return error;
}

describe('a credential plugin', () => {
  test('is asked once for a token that does not expire', async ({ server, folder }) => {
    await folder.write('answer', credential({ token }));
    server.admits = ({ headers }) => headers.authorization === `Bearer ${token}`;
    const cluster = await withPlugin({ folder, url: server.url }, 'cat answer');
    const connection = connectTo(cluster, 10_000);
    for (let count = 0; count < 3; count++)
      expect((await connection.request(get)).status).toBe(404);
    expect(await calls(folder)).toBe(1);
    connection.close();
  });

  test('gets its arguments, its environment and what it is asked for, and no input', async ({
    server,
    folder,
  }) => {
    const exec = { args: ['a b', '$HOME'], env: [{ name: 'OWN', value: '1' }] };
    const script = `printf '%s|' "$1" "$2" "$OWN" "$INHERITED" "$KUBERNETES_EXEC_INFO" > seen
      cat > input\ncat answer`;
    await folder.write('answer', credential({ token }));
    await withPlugin({ folder, url: server.url, exec }, script);
    const seen = (await readFile(join(folder.path, 'seen'), 'utf8')).split('|');
    expect(seen.slice(0, 4)).toEqual(['a b', '$HOME', '1', 'yes']);
    expect(JSON.parse(seen[4] ?? '')).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
    expect(await readFile(join(folder.path, 'input'), 'utf8')).toBe('');
  });

  test('is asked again when its token has expired', async ({ server, folder }) => {
    await folder.write(
      'answer',
      credential({ token: 'old', expirationTimestamp: '2020-01-01T00:00:00Z' }),
    );
    const cluster = await withPlugin({ folder, url: server.url }, 'cat answer');
    const connection = connectTo(cluster, 10_000);
    await folder.write(
      'answer',
      credential({ token, expirationTimestamp: '2120-01-01T00:00:00Z' }),
    );
    server.admits = ({ headers }) => headers.authorization === `Bearer ${token}`;
    for (let count = 0; count < 3; count++) await connection.request(get);
    expect([await calls(folder), server.requests.length]).toEqual([2, 3]);
    connection.close();
  });

  test('is asked again when the server refuses its token before it expires', async ({
    server,
    folder,
  }) => {
    await folder.write('answer', credential({ token: 'revoked' }));
    const cluster = await withPlugin({ folder, url: server.url }, 'cat answer');
    const connection = connectTo(cluster, 10_000);
    await folder.write('answer', credential({ token }));
    server.admits = ({ headers }) => headers.authorization === `Bearer ${token}`;
    expect((await connection.request(get)).status).toBe(404);
    expect(await calls(folder)).toBe(2);
    connection.close();
  });

  test('may hand out a client certificate', async ({ server, folder }) => {
    const clientCertificateData = await readFile(tlsFile('alice.crt'), 'utf8');
    const clientKeyData = await readFile(tlsFile('alice.key'), 'utf8');
    await folder.write('answer', credential({ clientCertificateData, clientKeyData }));
    const cluster = await withPlugin({ folder, url: server.url }, 'cat answer');
    server.admits = ({ certificate }) => certificate === 'alice';
    const connection = connectTo(cluster, 10_000);
    expect((await connection.request(get)).status).toBe(404);
    connection.close();
  });

  test('that is slow is waited for by the next request, not started once more', async ({
    server,
    folder,
  }) => {
    await folder.write(
      'answer',
      credential({ token, expirationTimestamp: '2020-01-01T00:00:00Z' }),
    );
    const script = 'test -p gate && read -r _ < gate; cat answer';
    const cluster = await withPlugin({ folder, url: server.url }, script);
    const gate = await fifo(folder, 'gate');
    await folder.write('answer', credential({ token }));
    const hasty = connectTo(cluster, 200);
    await expect(hasty.request(get)).rejects.toThrow(/^no answer .* within 0\.2 s$/);
    const connection = connectTo(cluster, 10_000);
    const next = connection.request(get);
    await writeFile(gate, '\n');
    expect((await next).status).toBe(404);
    expect(await calls(folder)).toBe(2);
    hasty.close();
    connection.close();
  });

  test('is killed when the connection is closed', async ({ server, folder }) => {
    const expirationTimestamp = '2020-01-01T00:00:00Z';
    await folder.write('answer', credential({ token, expirationTimestamp }));
    const script = 'test -p started && { echo $$ > started; exec sleep 600; }; cat answer';
    const cluster = await withPlugin({ folder, url: server.url }, script);
    const started = await fifo(folder, 'started');
    const connection = connectTo(cluster, 10_000);
    const request = connection.request(get);
    const pid = Number(await readFile(started, 'utf8'));
    connection.close();
    await expect(request).rejects.toThrow(/has been closed$/);
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

describe('a credential plugin is refused with one line that says what is wrong:', () => {
  test('missing, with what its author says about installing it', async ({ server, folder }) => {
    const exec = { command: 'no-such-plugin', installHint: 'install it\nfrom example.com' };
    const { message, hint } = await refusal(withPlugin({ folder, url: server.url, exec }, ''));
    expect(message).toBe('the credential plugin "no-such-plugin" is not installed, or not in PATH');
    expect(hint).toBe('install it from example.com');
  });

  test('without a command', async ({ server, folder }) => {
    const exec = { command: undefined };
    expect((await refusal(withPlugin({ folder, url: server.url, exec }, ''))).message).toContain(
      '""',
    );
  });

  test('hanging, even if something it has started keeps its output open', async ({
    server,
    folder,
  }) => {
    const script = 'sleep 600 & echo $! > child; wait';
    const loading = withPlugin({ folder, url: server.url, pluginTimeoutMs: 300 }, script);
    expect((await refusal(loading)).message).toMatch(/was killed: it gave nothing within 0.3 s$/);
    process.kill(Number(await readFile(join(folder.path, 'child'), 'utf8')));
  });

  test('no longer wanted: it is killed', async ({ server, folder }) => {
    const stop = new AbortController();
    const started = await fifo(folder, 'started');
    const script = 'echo $$ > started; exec sleep 600';
    const loading = refusal(withPlugin({ folder, url: server.url, signal: stop.signal }, script));
    const pid = Number(await readFile(started, 'utf8'));
    stop.abort();
    expect((await loading).message).toBe('the search for a cluster was given up');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  test('failing: its standard error is shown, without tokens', async ({ server, folder }) => {
    const script = `echo 'Error: SSO session\\nexpired, eyJhbGciOi.abc.def' >&2; echo ${token}; exit 3`;
    const { message } = await refusal(withPlugin({ folder, url: server.url }, script));
    expect(message).toContain('failed (3): Error: SSO session');
    expect(message).not.toContain('abc.def');
  });

  for (const [what, answer] of [
    ['nothing', ''],
    ['no JSON', token],
    ['no object', JSON.stringify(token)],
    ['no status', JSON.stringify({ token })],
    ['an empty token', credential({ token: '' })],
    ['a certificate without its key', credential({ clientCertificateData: token })],
  ] as const)
    test(`giving ${what}`, async ({ server, folder }) => {
      await folder.write('answer', answer);
      const { message } = await refusal(withPlugin({ folder, url: server.url }, 'cat answer'));
      expect(message).toMatch(/gave neither a token nor a certificate$/);
    });
});
