/** The host's stand-in for the client's KubeConfig says the same as the client, or refuses in words of its own. */
import { readFileSync } from 'node:fs';
import { KubeConfig as Client } from '@kubernetes/client-node/dist/config.js';
import { afterAll, expect, test, vi } from 'vitest';
import { KubeConfig as StandIn } from '../../src/platform/host/modules/kube-config.ts';
import { Unusable } from '../../src/platform/unusable.ts';
import { tlsFile } from '../support/api-server.ts';

/** As much of the host as it takes. */
vi.stubGlobal('native', { monotonicMs: () => performance.now() });
vi.mock('../../src/platform/host/files-now.ts', () => ({
  readNow: (path: string) => readFileSync(path),
}));
afterAll(() => {
  vi.unstubAllGlobals();
});

type Entry = Record<string, unknown>;

async function optionsOf(config: Client | StandIn, cluster: Entry, user: Entry): Promise<Entry> {
  const all = { server: 'https://127.0.0.1:1', ...cluster };
  config.loadFromString(
    JSON.stringify({
      clusters: [{ name: 'it', cluster: all }],
      users: [{ name: 'it', user }],
      contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
      'current-context': 'it',
    }),
  );
  const options: Entry = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const isTold = ([name, value]: [string, unknown]) => name !== 'agent' && value !== undefined;
  return Object.fromEntries(Object.entries(options).filter(isTold));
}

const base64 = (name: string) => readFileSync(tlsFile(name)).toString('base64');
const expiring = (atMs: number) =>
  `e30.${Buffer.from(JSON.stringify({ exp: atMs / 1_000 })).toString('base64url')}.x`;
const later = Date.now() + 3_600_000;
const provider = (name: string, config: Entry) => ({ 'auth-provider': { name, config } });

test.each<[string, Entry, Entry]>([
  ['nothing', {}, {}],
  ['a token', {}, { token: 't' }],
  ['a token file', {}, provider('file', { tokenFile: tlsFile('ca.crt') })],
  [
    'a token before its file',
    {},
    { token: 't', ...provider('x', { tokenFile: tlsFile('ca.crt') }) },
  ],
  ['a user name', {}, { username: 'alice', password: 'a:b' }],
  ['certificates', {}, { 'client-certificate-data': base64('alice.crt') }],
  ['files', { 'certificate-authority': tlsFile('ca.crt') }, { 'client-key': tlsFile('alice.key') }],
  ['another name', { 'tls-server-name': 'x' }, { as: 'bob', token: 't' }],
  ['no verification', { 'insecure-skip-tls-verify': true }, {}],
  ['no verification, in words', { 'insecure-skip-tls-verify': 'true' }, {}],
  ['a token of oidc', {}, provider('oidc', { 'id-token': expiring(later) })],
  ['a token of gcp', {}, provider('gcp', { 'access-token': 't' })],
  [
    'a token of gcp for now',
    {},
    provider('gcp', { 'access-token': 't', expiry: new Date(later).toISOString() }),
  ],
  [
    'a token of azure for now',
    {},
    provider('azure', { 'access-token': 't', 'expires-on': String(Math.round(later / 1_000)) }),
  ],
  ['a provider that nobody knows', {}, provider('x', { 'access-token': 't' })],
])('%s', async (_, cluster, user) => {
  const [found, wanted] = [
    await optionsOf(new StandIn(), cluster, user),
    await optionsOf(new Client(), cluster, user),
  ];
  expect(found).toEqual(wanted);
});

test.each<[string, Entry, Entry]>([
  ['a proxy for SOCKS', { 'proxy-url': 'socks5://127.0.0.1:1' }, {}],
  ['an old token of oidc', {}, provider('oidc', { 'id-token': expiring(0) })],
  ['no token of oidc', {}, provider('oidc', {})],
  ['an old token of gcp', {}, provider('gcp', { 'access-token': 't', expiry: '2020-01-01' })],
  ['an old token of azure', {}, provider('azure', { 'access-token': 't', 'expires-on': '1' })],
])('%s is refused, with what to do', async (_, cluster, user) => {
  const refused = await optionsOf(new StandIn(), cluster, user).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(Unusable);
  expect((refused as Unusable).hint).toMatch(/npm package/);
});

test('a token that expires in use is sent on: the server says so, and the file is read anew', async () => {
  const config = new StandIn();
  const user = provider('oidc', { 'id-token': expiring(Date.now() + 60_000) });
  const first = await optionsOf(config, {}, user);
  vi.useFakeTimers({ now: later });
  const second: Entry = {};
  await config.applyToHTTPSOptions(second);
  vi.useRealTimers();
  expect(second['headers']).toEqual(first['headers']);
});
