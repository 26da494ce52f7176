/**
 * A real Kubernetes control plane for tests: kube-apiserver and etcd on free loopback ports, RBAC
 * on, data in a temporary folder, nothing else running. What controllers would do (default service
 * accounts, garbage collection, emptying a deleted namespace) does not happen.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { controlPlaneBinaries } from '../control-plane/binaries.ts';
import type { ApiRequest } from './control-plane/api-request.ts';
import { apiserverIn, type Apiserver } from './control-plane/apiserver.ts';
import { readAuditLog, type AuditEntry } from './control-plane/audit-log.ts';
import { etcdIn, type EtcdMember } from './control-plane/etcd.ts';
import { writeKubeconfig, type KubeconfigOptions } from './control-plane/kubeconfig.ts';
import { startReaper } from './control-plane/reaper.ts';
import type { ServerProcess } from './control-plane/server-process.ts';
import {
  createServiceAccount,
  type ServiceAccountOptions,
} from './control-plane/service-account.ts';

export type {
  ApiAnswer,
  ApiObject,
  ApiRequest,
  ApiRequestOptions,
} from './control-plane/api-request.ts';
export type { AuditEntry } from './control-plane/audit-log.ts';
export type { KubeconfigOptions } from './control-plane/kubeconfig.ts';
export type { Apiserver } from './control-plane/apiserver.ts';
export type { ServerProcess } from './control-plane/server-process.ts';
export { minimalLeaseRules } from './control-plane/service-account.ts';
export type { PolicyRule, ServiceAccountOptions } from './control-plane/service-account.ts';

/** A running control plane. */
export interface ControlPlane {
  /** `https://127.0.0.1:<port>`; stays the same when the server is started again. */
  readonly url: string;
  readonly port: number;
  /** What verifies the server, on any port of 127.0.0.1; the name `localhost` it does not cover. */
  readonly caFile: string;
  /** Bearer token of a member of system:masters. */
  readonly adminToken: string;
  readonly apiserver: ServerProcess;
  /** The only member, or the first. */
  readonly etcd: ServerProcess;
  readonly members: readonly EtcdMember[];
  /** One request as the administrator, or with the token in the options. */
  readonly request: ApiRequest;
  /** Writes a kubeconfig and returns its path; the administrator's unless it names a user. */
  kubeconfig(options?: KubeconfigOptions): Promise<string>;
  /** Creates a service account that may do exactly what the rules say, and waits until it may. */
  serviceAccount(
    options: ServiceAccountOptions,
  ): Promise<{ readonly token: string; readonly kubeconfigPath: string }>;
  /**
   * All requests so far for leases, configmaps, endpoints, secrets, events and pods, one entry
   * each, without the server's own. An entry is there by the end of its answer; that of a watch
   * from its start.
   */
  auditLog(): Promise<AuditEntry[]>;
  /**
   * Starts another API server on the same etcd, with the same certificate and secrets; ends with this one. `etcdUrl` is
   * another way there.
   */
  another(options?: { readonly etcdUrl?: string }): Promise<Apiserver>;
  /**
   * Kills the servers and removes every file. Safe to call twice. Happens by itself when the
   * process goes away.
   */
  close(): Promise<void>;
}

/** What a control plane may be asked to be beside the usual. */
export interface ControlPlaneOptions {
  /** Added to the server's command line. */
  readonly apiserverArgs?: readonly string[];
  /** Default: 1. */
  readonly etcdMembers?: number;
}

/** Starts it and resolves when it is ready for anything. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await controlPlaneBinaries((line) => process.stderr.write(`${line}\n`));
  const folder = await mkdtemp(join(tmpdir(), 'k8s-leader-cluster-'));
  const reaper = await startReaper(folder);
  const others: ServerProcess[] = [];
  try {
    const { etcdMembers = 1 } = options;
    const members = await etcdIn({ folder, file: binaries.etcd, reaper, members: etcdMembers });
    await Promise.all(members.map(({ member }) => member.start()));
    const etcdUrl = members.map((member) => member.url).join(',');
    const file = binaries.apiserver;
    const extraArgs = options.apiserverArgs ?? [];
    const parts = { folder, file, etcdUrl, reaper, extraArgs };
    const server = await apiserverIn(parts);
    await server.apiserver.start();

    const { url, port, caFile, adminToken, apiserver, request } = server;
    const kubeconfig = (said: KubeconfigOptions = {}) =>
      writeKubeconfig(folder, caFile, { user: { token: adminToken }, server: url, ...said });
    return {
      url,
      port,
      caFile,
      adminToken,
      apiserver,
      etcd: members[0]!.member,
      members,
      request,
      kubeconfig,
      async serviceAccount(account) {
        const token = await createServiceAccount(request, account);
        const kubeconfigPath = await kubeconfig({ user: { token }, namespace: account.namespace });
        return { token, kubeconfigPath };
      },
      async another(said = {}) {
        const { serviceAccountKey, certFolder } = server;
        const name = `apiserver-${others.length + 2}`;
        const shared = { adminToken, serviceAccountKey, certFolder };
        const another = await apiserverIn({ ...parts, ...shared, ...said, name });
        others.push(another.apiserver);
        await another.apiserver.start();
        return another;
      },
      auditLog: () => readAuditLog(server.auditFile),
      async close() {
        await Promise.all([apiserver, ...others].map((each) => each.stop()));
        await Promise.all(members.map(({ member }) => member.stop()));
        await reaper.reap();
      },
    };
  } catch (error) {
    await reaper.reap();
    throw error;
  }
}
