import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect } from 'vitest';
import { ExpectedError } from '../../src/errors.ts';
import { loadCluster, type ClusterOptions, chooseNamespace } from '../../src/kube/config.ts';
import { tlsFile } from '../support/api-server.ts';
import { kubeconfig, patiently, test, token, type Folder } from './fixtures.ts';

function load(options: Partial<ClusterOptions>) {
  return loadCluster({
    env: {},
    signal: patiently(),
    serviceAccountDir: '/nowhere',
    ...options,
  });
}

async function refusal(options: Partial<ClusterOptions>): Promise<ExpectedError> {
  const thrown: unknown = await load(options).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(ExpectedError);
  const error = thrown as ExpectedError;
  expect(error.exitCode).toBe(69);
  expect(error.message).not.toMatch(/\n/);
  expect(error.message + (error.hint ?? '')).not.toContain(token);
  return error;
}

async function serviceAccount(
  folder: Folder,
  namespace = 'web\n',
): Promise<Partial<ClusterOptions>> {
  await folder.write('token', `${token}\n`);
  await folder.write('namespace', namespace);
  await symlink(tlsFile('ca.crt'), join(folder.path, 'ca.crt'));
  return {
    serviceAccountDir: folder.path,
    env: { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' },
  };
}

describe('the cluster comes from', () => {
  test('--kubeconfig before everything else', async ({ folder }) => {
    const pod = await serviceAccount(folder);
    const file = await folder.write('explicit', kubeconfig('https://explicit:6443', {}));
    const other = await folder.write('other', kubeconfig('https://other:6443', {}));
    const env = { ...pod.env, KUBECONFIG: other, HOME: folder.path };
    const cluster = await load({ ...pod, kubeconfig: file, env });
    expect(cluster.server.href).toBe('https://explicit:6443/');
    expect(cluster.namespace).toBe('apps');
    expect(cluster.describe).toBe(`context "test" of ${file}`);
  });

  test('$KUBECONFIG before the pod', async ({ folder }) => {
    const pod = await serviceAccount(folder);
    const file = await folder.write('listed', kubeconfig('https://listed:6443', {}));
    const cluster = await load({ ...pod, env: { ...pod.env, KUBECONFIG: file } });
    expect(cluster.server.host).toBe('listed:6443');
  });

  test('the pod before ~/.kube/config', async ({ folder }) => {
    const pod = await serviceAccount(folder);
    await mkdir(join(folder.path, '.kube'));
    await folder.write('.kube/config', kubeconfig('https://home:6443', {}));
    const cluster = await load({ ...pod, env: { ...pod.env, HOME: folder.path } });
    expect(cluster.server.href).toBe('https://10.96.0.1/');
    expect(cluster.namespace).toBe('web');
  });

  test('~/.kube/config at last, and at once when --context rules out the pod', async ({
    folder,
  }) => {
    const pod = await serviceAccount(folder);
    await mkdir(join(folder.path, '.kube'));
    await folder.write('.kube/config', kubeconfig('https://home:6443', {}));
    const env = { HOME: folder.path };
    expect((await load({ env })).server.host).toBe('home:6443');
    const chosen = await load({ ...pod, context: 'test', env: { ...pod.env, ...env } });
    expect(chosen.server.host).toBe('home:6443');
  });

  test('nowhere else: there is no default server', async ({ folder }) => {
    for (const env of [{}, { HOME: folder.path }, { KUBECONFIG: '' }, { KUBECONFIG: ':' }]) {
      const { message, hint } = await refusal({ env });
      expect(message).toContain('no cluster is configured');
      expect(hint).toContain('--kubeconfig');
      expect(hint).toContain('--backend local');
    }
  });

  test('nowhere in a pod that has no token, which is then said', async ({ folder }) => {
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    const { message } = await refusal({ env, serviceAccountDir: folder.path });
    expect(message).toContain('this pod has no service account token');
  });
});

describe('in a pod', () => {
  test('an IPv6 address of the server gets its brackets', async ({ folder }) => {
    const pod = await serviceAccount(folder);
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    expect((await load({ ...pod, env })).server.href).toBe('https://[fd00::1]:6443/');
  });

  test('the kubeconfig library is not loaded', async ({ folder }) => {
    const { serviceAccountDir, env } = await serviceAccount(folder);
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ resolve(specifier, context, next) {
        const found = next(specifier, context);
        if (found.url.includes('node_modules')) console.log(found.url);
        return found;
      } });
      const { loadCluster } = await import('./src/kube/config.ts');
      const { connect } = await import('./src/kube/connection.ts');
      const { leaseLock } = await import('./src/locks/lease.ts');
      const { signal } = new AbortController();
      const cluster = await loadCluster(${JSON.stringify({ serviceAccountDir, env })} && { ...${JSON.stringify({ serviceAccountDir, env })}, signal });
      const connection = connect(cluster, { requestTimeoutMs: 1000, userAgent: 'test' });
      leaseLock({ connection, namespace: 'a', name: 'b' });
      console.log(cluster.server.href);
    `;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      script,
    ]);
    expect(stdout).toBe('https://10.96.0.1/\n');
  });

  test('a service account without a CA is refused', async ({ folder }) => {
    await folder.write('token', token);
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
    const { message } = await refusal({ env, serviceAccountDir: folder.path });
    expect(message).toBe(`cannot read the service account in ${folder.path} (ENOENT)`);
  });

  test('an address that is none is refused', async ({ folder }) => {
    const pod = await serviceAccount(folder);
    const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: 'tcp://x' };
    expect((await refusal({ ...pod, env })).message).toContain('do not make an address');
  });
});

test('a search that was given up before it began finds nothing', async ({ folder }) => {
  const pod = await serviceAccount(folder);
  const { message } = await refusal({ ...pod, signal: AbortSignal.abort() });
  expect(message).toBe('the search for a cluster was given up');
});

describe('several kubeconfig files', () => {
  const one = {
    'current-context': 'main',
    clusters: [{ name: 'c', cluster: { server: 'https://one:6443' } }],
    contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
  };
  const two = {
    'current-context': 'other',
    clusters: [{ name: 'c', cluster: { server: 'https://two:6443' } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [
      { name: 'main', context: { cluster: 'missing' } },
      { name: 'other', context: { cluster: 'c', user: 'u', namespace: 'two' } },
    ],
  };

  test('are merged as kubectl does it: the first to name a thing defines it', async ({
    folder,
  }) => {
    const first = await folder.write('one', JSON.stringify(one));
    const second = await folder.write('two', JSON.stringify(two));
    const KUBECONFIG = [join(folder.path, 'missing'), first, '', second].join(delimiter);
    const cluster = await load({ env: { KUBECONFIG } });
    expect(cluster.server.host).toBe('one:6443');
    expect(await cluster.access('cached', patiently())).toMatchObject({
      headers: { Authorization: `Bearer ${token}` },
    });
    const other = await load({ env: { KUBECONFIG }, context: 'other' });
    expect([other.server.host, other.namespace]).toEqual(['one:6443', 'two']);
  });

  test('are refused when none of them exists', async ({ folder }) => {
    const KUBECONFIG = join(folder.path, 'missing');
    expect((await refusal({ env: { KUBECONFIG } })).message).toBe(
      `KUBECONFIG names no file that exists: ${KUBECONFIG}`,
    );
  });
});

describe('a kubeconfig is refused with one line that says what is wrong:', () => {
  test('missing', async ({ folder }) => {
    const file = join(folder.path, 'missing');
    expect((await refusal({ kubeconfig: file })).message).toBe(
      `the kubeconfig ${file} does not exist`,
    );
  });

  test('a folder', async ({ folder }) => {
    expect((await refusal({ kubeconfig: folder.path })).message).toContain('(EISDIR)');
  });

  test.for([
    ['empty', '', 'is empty'],
    ['only white space', ' \n\n', 'is empty'],
    ['not YAML', `token: ${token}\n  : [broken`, 'is not valid YAML'],
    ['binary', `\u0000\u0001${token}`, 'is not valid YAML'],
    ['only a comment', `# ${token}`, 'is not'],
    ['a word', token, 'is not a kubeconfig'],
    ['a list', `- ${token}`, 'is not a kubeconfig'],
    ['of something else', '{kind: Pod}', 'has no current-context'],
    ['lists that are none', '{current-context: x, contexts: 7}', 'has no context "x"'],
    [
      'entries that are none',
      '{current-context: x, contexts: [7, null, {name: x}]}',
      'has no context "x"',
    ],
  ] as const)('%s', async ([, content, reason], { folder }) => {
    const file = await folder.write('config', content);
    const { message } = await refusal({ kubeconfig: file });
    expect(message).toContain(file);
    expect(message).toContain(reason);
  });

  test.for<[names: string[], hint: string]>([
    [[], 'it has no contexts'],
    [['dev', 'prod'], 'its contexts are dev, prod'],
    [
      'a b c d e f g h i j k l'.split(' '),
      'its contexts are a, b, c, d, e, f, g, h, i, j and 2 more',
    ],
  ])('an unknown context, among %j', async ([names, hint], { folder }) => {
    const contexts = names.map((name) => ({ name, context: {} }));
    const file = await folder.write('config', JSON.stringify({ contexts }));
    const refused = await refusal({ kubeconfig: file, context: 'prd' });
    expect([refused.message, refused.hint]).toEqual([`${file} has no context "prd"`, hint]);
  });

  test.for([
    ['cluster', { contexts: [{ name: 'x', context: { user: 'u' } }] }],
    ['cluster', { contexts: [{ name: 'x', context: { cluster: 'gone', user: 'u' } }] }],
    ['user', { contexts: [{ name: 'x', context: { cluster: 'c', user: 'gone' } }] }],
  ] as const)('a context without its %s', async ([what, entries], { folder }) => {
    const clusters = [{ name: 'c', cluster: { server: 'https://a:1' } }];
    const content = JSON.stringify({ 'current-context': 'x', clusters, ...entries });
    const file = await folder.write('config', content);
    expect((await refusal({ kubeconfig: file })).message).toBe(
      `the ${what} of context "x" is not in ${file}`,
    );
  });

  test.for(['localhost:8080', 'ftp://a', '', 'https://', 'kube'])(
    'the server %j',
    async (server, { folder }) => {
      const file = await folder.write('config', kubeconfig(server, {}));
      expect((await refusal({ kubeconfig: file })).message).toBe(
        `the server of context "test" in ${file} is not an http(s) URL`,
      );
    },
  );

  test.for([5, true, ['a'], {}])('the tls-server-name %j', async (name, { folder }) => {
    const content = kubeconfig('https://a:1', {}, { 'tls-server-name': name });
    const file = await folder.write('config', content);
    expect((await refusal({ kubeconfig: file })).message).toBe(
      `the tls-server-name of context "test" in ${file} is not a string`,
    );
  });

  test.for([
    ['a CA file that is missing', {}, { 'certificate-authority': 'gone.crt' }, 'ENOENT'],
    ['a CA that is none', {}, { 'certificate-authority-data': 'Z2FyYmFnZQ==' }, 'PEM'],
    ['a CA of the wrong type', {}, { 'certificate-authority-data': { a: 1 } }, 'TYPE'],
    [
      'a client certificate that is none',
      { 'client-certificate-data': 'eA==', 'client-key-data': 'eA==' },
      {},
      'PEM',
    ],
    ['a client key that is missing', { 'client-certificate': 'gone.crt' }, {}, 'ENOENT'],
    ['a token with a line break in it', { token: `${token}\n${token}` }, {}, 'ERR_INVALID_CHAR'],
    ['a token file that is missing', { tokenFile: 'gone' }, {}, 'ENOENT'],
    ['a proxy that is none', {}, { 'proxy-url': 'nonsense' }, 'ERR_INVALID_URL'],
  ] as const)('%s', async ([, user, cluster, code], { folder }) => {
    const file = await folder.write('config', kubeconfig('https://a:1', user, cluster));
    const { message } = await refusal({ kubeconfig: file });
    expect(message).toContain('certificates or credentials of context "test" cannot be used');
    expect(message).toContain(code);
  });
});

describe('the namespace', () => {
  test.for([
    [{ flag: 'f', env: { POD_NAMESPACE: 'p' }, cluster: 'c' }, 'f'],
    [{ flag: undefined, env: { POD_NAMESPACE: 'p' }, cluster: 'c' }, 'p'],
    [{ flag: undefined, env: { POD_NAMESPACE: '' }, cluster: 'c' }, 'c'],
    [{ flag: undefined, env: {}, cluster: undefined }, 'default'],
  ] as const)('of %j is %s', ([sources, namespace]) => {
    expect(chooseNamespace(sources)).toBe(namespace);
  });
});
