/** What the API server was asked, by whom, and what it answered: its own audit log. */
import { readFile } from 'node:fs/promises';

/** One request. */
export interface AuditEntry {
  /** `system:serviceaccount:<namespace>:<name>` for a service account. */
  readonly user: string;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, … */
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  /** Absent for a list or a watch without a field selector on the name, and for a create. */
  readonly name: string | undefined;
  /** HTTP status. */
  readonly code: number | undefined;
  readonly uri: string;
  readonly userAgent: string | undefined;
  /** When it arrived: RFC 3339, microseconds, the server's wall clock. */
  readonly receivedAt: string;
  /** `ResponseStarted`: a watch that is still open. */
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
}

/**
 * The audit policy: every request for something a lock can live in or a command reports to, except
 * the server's own.
 */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', users: ['system:apiserver'] },
    {
      level: 'Metadata',
      resources: [
        { group: 'coordination.k8s.io', resources: ['leases'] },
        { group: '', resources: ['configmaps', 'endpoints', 'secrets', 'events', 'pods'] },
        { group: 'events.k8s.io', resources: ['events'] },
      ],
    },
    { level: 'None' },
  ],
};

interface AuditEvent {
  readonly auditID: string;
  readonly stage: AuditEntry['stage'];
  readonly verb: string;
  readonly requestURI: string;
  readonly requestReceivedTimestamp: string;
  readonly userAgent?: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** One entry a request, in the order in which they arrived, each in its latest stage. */
export async function readAuditLog(path: string): Promise<AuditEntry[]> {
  const content = await readFile(path, 'utf8');
  const latest = new Map<string, AuditEntry>();
  // The last piece is empty, or a line that is being written.
  for (const line of content.split('\n').slice(0, -1)) {
    const event = JSON.parse(line) as AuditEvent;
    latest.set(event.auditID, entry(event));
  }
  return [...latest.values()].sort((a, b) => a.receivedAt.localeCompare(b.receivedAt));
}

function entry(event: AuditEvent): AuditEntry {
  return {
    user: event.user.username,
    verb: event.verb,
    resource: event.objectRef?.resource ?? '',
    namespace: event.objectRef?.namespace,
    name: event.objectRef?.name,
    code: event.responseStatus?.code,
    uri: event.requestURI,
    userAgent: event.userAgent,
    receivedAt: event.requestReceivedTimestamp,
    stage: event.stage,
  };
}
