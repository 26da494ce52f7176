/** Any file in place of a kubeconfig or of a service account: a cluster, or exit 69 with one line, and in time. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { loadCluster, type ClusterOptions, chooseNamespace } from '../../src/kube/config.ts';
import { clusterAt, connectTo, patiently, test } from '../kube/fixtures.ts';
import { tlsFile } from '../support/api-server.ts';
import { damaged, json, objectLike, text } from './arbitraries.ts';
import { expectExpected, expectLockFault, outcomeOf } from './expectations.ts';
import { patience, runs } from './runs.ts';

/** Nobody listens there. */
const url = 'https://127.0.0.1:1';

const pem = (name: string) => readFileSync(tlsFile(name));
const base64 = fc.oneof(
  fc.constantFrom('ca.crt', 'alice.crt', 'alice.key').map((name) => pem(name).toString('base64')),
  fc.base64String({ maxLength: 60 }),
  damaged(fc.constant(pem('alice.crt').toString('base64'))),
);
const path = fc.oneof(
  fc.constantFrom('ca.crt', 'alice.crt', 'alice.key').map(tlsFile),
  fc.constantFrom('/', '/dev/null', '/nonexistent', '../x', '/proc/self/mem'),
);
const cluster = objectLike({
  server: fc.oneof(
    fc.constantFrom(url, 'http://127.0.0.1:1/path', 'https://a:b@[::1]:1?x#y', 'file:///etc'),
    text,
  ),
  'certificate-authority': path,
  'certificate-authority-data': base64,
  'insecure-skip-tls-verify': fc.boolean(),
  'tls-server-name': text,
  'proxy-url': fc.constantFrom('http://127.0.0.1:1', 'socks5://127.0.0.1:1', 'foo://x', ':', '/'),
});
const user = objectLike({
  token: text,
  tokenFile: path,
  'client-certificate': path,
  'client-certificate-data': base64,
  'client-key': path,
  'client-key-data': base64,
  username: text,
  password: text,
  exec: objectLike({
    command: fc.constantFrom('/nonexistent', './ca.crt', '/', ''),
    args: fc.array(json),
    env: fc.array(objectLike({ name: text, value: text })),
    installHint: text,
    apiVersion: text,
  }),
  'auth-provider': objectLike({
    name: fc.constantFrom('gcp', 'azure', 'oidc', 'openid', 'x'),
    config: objectLike({ 'id-token': text, 'access-token': text, expiry: text }),
  }),
});
/** Sound but for one thing, so that a good part of what is tried is usable. */
const oneOdd = (sound: object, odd: fc.Arbitrary<object>) =>
  fc.tuple(odd, fc.nat()).map(([parts, which]) => {
    const all = Object.entries(parts);
    return { ...sound, ...Object.fromEntries(all.slice(which % (all.length + 1)).slice(0, 1)) };
  });
const entries = (kind: string, what: fc.Arbitrary<unknown>) =>
  fc
    .array(fc.oneof({ weight: 5, arbitrary: what }, { weight: 1, arbitrary: json }), {
      minLength: 1,
      maxLength: 2,
    })
    .map((list) => list.map((entry) => ({ name: 'it', [kind]: entry })));
const kubeconfig = fc
  .record({
    clusters: entries('cluster', fc.oneof(oneOdd({ server: url }, cluster), cluster)),
    users: entries('user', fc.oneof(oneOdd({ token: 'x' }, user), user)),
    contexts: entries(
      'context',
      objectLike({ cluster: fc.constant('it'), user: fc.constant('it'), namespace: text }),
    ),
    'current-context': fc.oneof({ weight: 9, arbitrary: fc.constant('it') }, json),
  })
  .map((config) => JSON.stringify(config));

const yaml = fc.oneof(
  text,
  fc.constantFrom(
    '&a [*a]',
    '&a {clusters: *a, contexts: *a}',
    '!!js/function "function () {}"',
    '!!binary x',
    '%YAML 9.9\n---\n...',
    '--- a\n--- b\n',
    `{${'"a":{'.repeat(20_000)}`,
    'apiVersion: v1\nkind: Config\n',
    '\t',
    '<<: [1]',
    '? {a: b}\n: c',
    'current-context: it\ncontexts: [{name: it, context: {cluster: *x}}]',
  ),
);

const content = fc.oneof(
  { weight: 5, arbitrary: kubeconfig },
  { weight: 2, arbitrary: damaged(kubeconfig) },
  { weight: 2, arbitrary: yaml },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
);

/** A cluster that can be asked, or a reason why not, of one line; nothing else. */
async function expectUsableOrRefused(options: Omit<ClusterOptions, 'signal'>): Promise<boolean> {
  const loaded = await outcomeOf(loadCluster({ ...options, signal: patiently() }));
  if ('thrown' in loaded) {
    expectExpected(loaded.thrown, 69);
    return false;
  }
  const found = loaded.value;
  const namespace = await outcomeOf(
    Promise.resolve().then(() =>
      chooseNamespace({ flag: undefined, env: options.env, cluster: found.namespace }),
    ),
  );
  if ('thrown' in namespace) expectExpected(namespace.thrown, 69);
  else expect(namespace.value).toMatch(/^[-a-z0-9]{1,63}$/);
  const connection = connectTo(found, 5_000);
  const get = { method: 'GET', path: '/', signal: patiently() } as const;
  for (const fresh of [false, true])
    expectLockFault((await outcomeOf(connection.request({ ...get, fresh }))).thrown);
  connection.close();
  return true;
}

describe('whatever it says, it leads to a cluster or to one line:', () => {
  test('a kubeconfig', { timeout: patience(30_000) }, async ({ folder }) => {
    const file = join(folder.path, 'config');
    const env = { PATH: '/nonexistent' };
    let usable = 0;
    await fc.assert(
      fc.asyncProperty(content, async (bytes) => {
        await writeFile(file, bytes);
        const options = { kubeconfig: file, env, pluginTimeoutMs: 1_000 };
        if (await expectUsableOrRefused(options)) usable += 1;
      }),
      runs(250),
    );
    expect(usable).toBeGreaterThan(0);
  });

  test('a service account', { timeout: patience(30_000) }, async ({ folder }) => {
    const host = fc.oneof(fc.constantFrom('127.0.0.1', '::1', 'a/b', '[', '127.0.0.1#'), text);
    const port = fc.oneof(fc.constantFrom('1', '0', '-1', '65536', '1/x', '1?'), text);
    const files = fc.record({
      token: fc.oneof(text, fc.uint8Array({ maxLength: 50 })),
      namespace: fc.oneof(text, fc.constantFrom('web\n', 'a b', 'x'.repeat(64))),
      'ca.crt': fc.oneof(
        text,
        fc.constant(pem('ca.crt').toString()),
        damaged(fc.constant(pem('ca.crt').toString())),
      ),
    });
    await fc.assert(
      fc.asyncProperty(files, host, port, async (written, given, at) => {
        for (const [name, bytes] of Object.entries(written))
          await writeFile(join(folder.path, name), bytes);
        // Not beyond this machine: no name that could be looked up.
        const KUBERNETES_SERVICE_HOST = /^[\w.-]*[a-z]/i.test(given) ? '127.0.0.1' : given;
        const env = { KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT: at };
        await expectUsableOrRefused({ env, serviceAccountDir: folder.path });
      }),
      runs(150),
    );
  });

  test('a folder, a device, a file that nobody may read', async ({ folder }) => {
    const unreadable = await folder.write('unreadable', '{}');
    await chmod(unreadable, 0);
    await mkdir(join(folder.path, 'folder'));
    for (const kubeconfig of [
      folder.path,
      '/dev/null',
      '/proc/self/mem',
      '/proc/self/cmdline',
      join(unreadable, 'x'),
      unreadable,
      join(folder.path, 'x'.repeat(300)),
      'a\0b',
      '',
    ])
      expect(await expectUsableOrRefused({ kubeconfig, env: {} })).toBe(false);
    const env = { KUBECONFIG: `${folder.path}/folder:/\n:\u009b`, HOME: '\u2028' };
    expect(await expectUsableOrRefused({ env })).toBe(false);
  });
});

test('a proxy that cannot be had is a fault of each request, and of nothing else', async () => {
  const proxyAgent = () => Promise.reject(new TypeError('no such proxy\n'));
  const connection = connectTo({ ...clusterAt(url), proxyAgent }, 5_000);
  for (const fresh of [false, true, false]) {
    const request = { method: 'GET', path: '/', signal: patiently(), fresh } as const;
    expectLockFault((await outcomeOf(connection.request(request))).thrown);
  }
  connection.close();
  // Vitest reports what nobody has handled.
  await new Promise(setImmediate);
});
