/**
 * The kube-apiserver of a test cluster: its command line, its secrets, and when it counts as ready.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { apiRequests, type ApiRequest } from './api-request.ts';
import { auditPolicy } from './audit-log.ts';
import type { Reaper } from './reaper.ts';
import { serverProcess, type ServerProcess } from './server-process.ts';

/** A server and what is needed to talk to it. */
export interface Apiserver {
  readonly apiserver: ServerProcess;
  readonly port: number;
  readonly url: string;
  /** Written by the server at its first start. */
  readonly caFile: string;
  readonly certFolder: string;
  readonly adminToken: string;
  /** Signs the tokens of service accounts. */
  readonly serviceAccountKey: string;
  readonly auditFile: string;
  readonly request: ApiRequest;
}

/** What the server is made from. */
export interface ApiserverParts {
  readonly folder: string;
  readonly file: string;
  readonly etcdUrl: string;
  readonly reaper: Reaper;
  /** Appended to our own, so they win. */
  readonly extraArgs: readonly string[];
  /** Of a whole cluster: where it listens for pods, which service accounts then serve. Default: 127.0.0.1, and no pods. */
  readonly podsReachIt?: string | undefined;
  /** By default the only one; another has a name of its own, and the certificate and secrets of the first. */
  readonly name?: string;
  readonly certFolder?: string;
  readonly adminToken?: string;
  readonly serviceAccountKey?: string;
}

/** Writes the server's files and describes it; does not start it. */
export async function apiserverIn({
  folder,
  file,
  etcdUrl,
  reaper,
  extraArgs,
  podsReachIt,
  name: folderName = 'apiserver',
  adminToken = randomUUID(),
  serviceAccountKey = signingKey(),
  certFolder = join(folder, folderName, 'certs'),
}: ApiserverParts): Promise<Apiserver> {
  const home = join(folder, folderName);
  const inHome = (name: string): string => join(home, name);
  const address = podsReachIt ?? '127.0.0.1';
  const port = await freePort();
  const url = `https://${address}:${port}`;
  // The server signs its own certificate at its first start; this file ends with the CA it used.
  const caFile = join(certFolder, 'apiserver.crt');
  const auditFile = inHome('audit.log');
  const request = apiRequests(url, () => readFile(caFile, 'utf8'), adminToken);

  await mkdir(home);
  await writeFile(inHome('tokens.csv'), `${adminToken},admin,admin,system:masters\n`, {
    mode: 0o600,
  });
  await writeFile(inHome('audit-policy.yaml'), JSON.stringify(auditPolicy));
  await writeFile(inHome('service-accounts.key'), serviceAccountKey, { mode: 0o600 });

  const apiserver = serverProcess({
    file,
    logFile: inHome('log'),
    reaper,
    isReady: () => isReady(request),
    args: [
      `--etcd-servers=${etcdUrl}`,
      `--bind-address=${address}`,
      // Without it the server looks for a default route, which a sandbox may lack.
      `--advertise-address=${address}`,
      `--secure-port=${port}`,
      `--cert-dir=${certFolder}`,
      ...(podsReachIt === undefined ? alone : []),
      '--service-cluster-ip-range=10.0.0.0/24',
      '--authorization-mode=RBAC',
      `--token-auth-file=${inHome('tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${inHome('service-accounts.key')}`,
      `--service-account-key-file=${inHome('service-accounts.key')}`,
      `--audit-policy-file=${inHome('audit-policy.yaml')}`,
      `--audit-log-path=${auditFile}`,
      // In megabytes: never rotated.
      '--audit-log-maxsize=10240',
      // Otherwise a SIGTERM takes a minute while anybody watches.
      '--shutdown-watch-termination-grace-period=1s',
      ...extraArgs,
    ],
  });
  const secrets = { adminToken, serviceAccountKey, certFolder };
  return { apiserver, port, url, caFile, auditFile, request, ...secrets };
}

const alone = [
  // Loopback is no valid endpoint of the `kubernetes` Service, which nobody uses here.
  '--endpoint-reconciler-type=none',
  // It would refuse every Pod for want of the service account that a controller makes.
  '--disable-admission-plugins=ServiceAccount',
];

function signingKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

/**
 * Serving, with its caches in step (`/readyz` covers both), and with what it creates for itself at
 * its first start.
 */
async function isReady(request: ApiRequest): Promise<boolean> {
  const paths = [
    '/readyz',
    '/api/v1/namespaces/default',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:basic-user',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:basic-user',
  ];
  for (const path of paths) {
    const { status } = await request('GET', path, undefined, { timeoutMs: 1000 });
    if (status !== 200) return false;
  }
  return true;
}
