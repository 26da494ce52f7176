/** Pods as objects of the API: nothing runs them, so a candidate takes the part of the one that it is told it is. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { uptime } from 'node:os';
import { createInterface } from 'node:readline';
import type { ApiObject } from '../../support/control-plane.ts';
import type { Contest } from './contest.ts';

/** Which Pods had the label from some moment on. */
export interface Labelled {
  readonly names: readonly string[];
  /** The machine's uptime when we were told. */
  readonly seenMs: number;
}

export interface Pods {
  /** Creates one, and returns the environment of a process in it. */
  create(name: string, labels?: Readonly<Record<string, string>>): Promise<Record<string, string>>;
  read(name: string): Promise<ApiObject>;
  /** A change by another hand, as the kubelet makes them. */
  annotate(name: string, value: string): Promise<void>;
  /** The names of those that a Service with this selector would route to. */
  selected(selector: string): Promise<string[]>;
  /** All that has been so far, one entry a change: none is missing. */
  readonly history: readonly Labelled[];
  close(): void;
}

/** As the restricted Pod Security Standard wants it. */
const spec = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'worker',
      image: 'registry.example/worker:1',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
};

/** Watches the label `key` of all Pods in the namespace of the contest from now on. */
export async function podsIn(contest: Contest, key: string): Promise<Pods> {
  const { controlPlane, namespace } = contest;
  const all = `/api/v1/namespaces/${namespace}/pods`;
  const ask = async (method: string, path: string, body?: unknown): Promise<ApiObject> => {
    const answer = await controlPlane.request(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status}`);
    return answer.body;
  };
  const list = await ask('GET', all);
  const history: Labelled[] = [{ names: [], seenMs: uptime() * 1_000 }];
  const names = new Set<string>();
  const end = new AbortController();
  const { resourceVersion = '' } = list.metadata ?? {};
  const watch = httpsRequest(
    new URL(`${all}?watch=1&resourceVersion=${resourceVersion}`, controlPlane.url),
    {
      ca: await readFile(controlPlane.caFile, 'utf8'),
      agent: false,
      signal: end.signal,
      headers: { authorization: `Bearer ${controlPlane.adminToken}` },
    },
  );
  watch.on('error', () => {});
  watch.end();
  const [response] = (await once(watch, 'response')) as [IncomingMessage];
  response.on('error', () => {});
  const lines = createInterface({ input: response });
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const { object } = JSON.parse(line) as { object: ApiObject };
    const { name = '', labels = {} } = object.metadata ?? {};
    const before = names.size;
    const had = names.delete(name);
    if (labels[key] !== undefined) names.add(name);
    if (names.size !== before || had !== names.has(name))
      history.push({ names: [...names], seenMs: uptime() * 1_000 });
  });
  return {
    async create(name, labels = {}) {
      await ask('POST', all, { metadata: { name, labels: { app: 'worker', ...labels } }, spec });
      return { POD_NAME: name, POD_NAMESPACE: namespace };
    },
    read: (name) => ask('GET', `${all}/${name}`),
    async annotate(name, value) {
      await ask('PATCH', `${all}/${name}`, { metadata: { annotations: { hand: value } } });
    },
    async selected(selector) {
      const { items = [] } = await ask(
        'GET',
        `${all}?labelSelector=${encodeURIComponent(selector)}`,
      );
      return items.map(({ metadata }) => metadata?.name ?? '');
    },
    history,
    close() {
      end.abort();
    },
  };
}
