/** Candidates as Pods of one service account, whose commands write to a ConfigMap that is fenced. */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadAllYaml } from '@kubernetes/client-node/dist/yaml.js';
import type { ApiObject, ControlPlane } from '../../support/control-plane.ts';
import { apply, printedRbac } from './applied.ts';
import type { Candidate } from './candidate.ts';
import { lock, type Contest, type Participation } from './contest.ts';
import { until } from './until.ts';

/** What the writers write to. A fence cannot look at locks of the kind that it fences. */
export function targetIn({ namespace }: Contest, flags: readonly string[] = []): string {
  return `/api/v1/namespaces/${namespace}/${kindOf(flags)}/target`;
}

function kindOf(flags: readonly string[]): string {
  return flags.includes('configmap') ? 'secrets' : 'configmaps';
}

/** Many contests on one server: a policy takes its time, and so does a lease that has to run out. */
const patience = { withinMs: 100_000 };

/** One answer of the server to a writer. */
export interface Answer {
  /** When the request was begun and answered: monotonic milliseconds, the same for all processes of the machine. */
  readonly begunMs: number;
  readonly answeredMs: number;
  readonly status: number;
  /** The version that was written, or the message of the refusal. */
  readonly said: string;
}

export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Runs `k8s-leader fence` for the lock of the contest and what the writers write to, and returns what it prints. */
export async function printedFence(contest: Contest, flags: readonly string[]): Promise<string> {
  const where = ['--lock', lock, '--namespace', contest.namespace, '--for', kindOf(flags)];
  const fence = await contest.start(['fence', ...where, ...flags]);
  const { code } = await fence.ended;
  if (code !== 0) throw new Error(`fence ended with ${code ?? 'a signal'}: ${fence.stderr}`);
  return fence.stdout;
}

/** What `kubectl apply -f -` would do with policies. */
export async function applyFence({ request }: ControlPlane, yaml: string): Promise<void> {
  for (const object of loadAllYaml(yaml) as ApiObject[]) {
    const { namespace } = object.metadata ?? {};
    const inNamespace = namespace === undefined ? '' : `namespaces/${namespace}/`;
    const root = object.apiVersion === 'v1' ? 'api' : 'apis';
    const plural = `${object.kind?.toLowerCase().replace(/y$/, 'ie') ?? ''}s`;
    const path = `/${root}/${object.apiVersion ?? ''}/${inNamespace}${plural}?fieldValidation=Strict`;
    const { status, body } = await request('POST', path, object);
    if (status !== 201) throw new Error(`${object.kind ?? ''}: ${status} ${body.message ?? ''}`);
  }
}

/** A token of the account; bound to a Pod of that name, which is made, or to none. */
export async function tokenOf(contest: Contest, pod?: string): Promise<string> {
  const core = `/api/v1/namespaces/${contest.namespace}`;
  const ask = async <Body = ApiObject>(path: string, body: unknown): Promise<Body> => {
    const answer = await contest.controlPlane.request<Body>('POST', path, body);
    if (answer.status !== 201)
      throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const spec: Record<string, unknown> = {};
  if (pod !== undefined) {
    const containers = [{ name: 'worker', image: 'registry.example/worker:1' }];
    const made = await ask(`${core}/pods`, {
      metadata: { name: pod },
      spec: { serviceAccountName: lock, containers },
    });
    const { uid } = made.metadata ?? {};
    spec['boundObjectRef'] = { apiVersion: 'v1', kind: 'Pod', name: pod, uid };
  }
  interface TokenRequest {
    readonly status: { readonly token: string };
  }
  const path = `${core}/serviceaccounts/${lock}/token`;
  return (await ask<TokenRequest>(path, { spec })).status.token;
}

/** A write of the target in the name of a token. */
export function write(
  contest: Contest,
  token: string,
  {
    fencingToken,
    flags,
  }: { readonly fencingToken?: string; readonly flags?: readonly string[] } = {},
): Promise<{ status: number; body: ApiObject }> {
  const carried =
    fencingToken === undefined ? {} : { 'k8s-leader.dev/fencing-token': fencingToken };
  const change = { metadata: { annotations: { by: 'hand', ...carried } } };
  return contest.controlPlane.request('PATCH', targetIn(contest, flags), change, { token });
}

/** What `rbac` and `fence` print, applied; the target, which the account may write; and the policy at work. */
export async function fenceOff(contest: Contest, flags: readonly string[]): Promise<void> {
  const { controlPlane } = contest;
  const kind = flags.filter((_, index) => flags[index - 1] === '--lock-kind');
  const kindFlags = kind.flatMap((each) => ['--lock-kind', each]);
  await apply(contest, await printedRbac(contest, ['--no-events', ...kindFlags]));
  await mayWrite(contest);
  const all = targetIn(contest, flags).replace(/\/target$/, '');
  await controlPlane.request('POST', all, { metadata: { name: 'target' } });
  await applyFence(controlPlane, await printedFence(contest, flags));
  const stranger = await tokenOf(contest);
  const isAtWork = async () => {
    const { status, body } = await write(contest, stranger, { flags });
    return status > 400 && body.message?.includes('fence-by-');
  };
  await until('the policy refuses a stranger', isAtWork, patience);
}

async function mayWrite({ controlPlane, namespace }: Contest): Promise<void> {
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const metadata = { name: 'writers' };
  const rules = [
    {
      apiGroups: [''],
      resources: ['configmaps', 'secrets'],
      verbs: ['get', 'create', 'patch', 'delete'],
    },
  ];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'writers' };
  const subjects = [{ kind: 'ServiceAccount', name: lock, namespace }];
  await controlPlane.request('POST', `${rbac}/roles`, { metadata, rules });
  await controlPlane.request('POST', `${rbac}/rolebindings`, { metadata, roleRef, subjects });
}

export interface Writer {
  readonly candidate: Candidate;
  /** All that it was answered so far. */
  answers(): Answer[];
  /** The first answer of that kind. */
  answer(what: string, isWanted: (answer: Answer) => boolean): Promise<Answer>;
}

/** A candidate in a Pod of that name, whose command writes to the target all the time. */
export async function joinAsWriter(
  contest: Contest,
  pod: string,
  how: Participation & { readonly carriesToken: boolean },
): Promise<Writer> {
  const { controlPlane, namespace, folder } = contest;
  const token = await tokenOf(contest, pod);
  const kubeconfig = await controlPlane.kubeconfig({ user: { token }, namespace });
  const record = join(folder, `writes-of-${pod}`);
  await mkdir(folder, { recursive: true });
  const candidate = await contest.join(pod, {
    ...how,
    kubeconfig,
    command: [process.execPath, join(import.meta.dirname, 'writer.ts')],
    env: {
      POD_NAME: pod,
      WRITER_URL: `${controlPlane.url}${targetIn(contest, how.flags)}`,
      WRITER_CA: controlPlane.caFile,
      WRITER_TOKEN: token,
      WRITER_RECORD: record,
      ...(how.carriesToken ? { WRITER_CARRIES_TOKEN: 'yes' } : {}),
    },
  });
  const answers = () => readAnswers(record);
  return {
    candidate,
    answers,
    answer: (what, isWanted) => until(`${pod}: ${what}`, () => answers().find(isWanted), patience),
  };
}

function readAnswers(record: string): Answer[] {
  let text: string;
  try {
    text = readFileSync(record, 'utf8');
  } catch {
    return [];
  }
  // The last piece is empty, or a line that is being written.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Answer);
}
