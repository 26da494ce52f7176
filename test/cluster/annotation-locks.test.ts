/** Locks in annotations on the real server, by accounts that may do no more than they need, with one object. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../src/kube/connection.ts';
import { parseRecord } from '../../src/locks/annotation-record.ts';
import { recordAnnotation } from '../../src/locks/annotation.ts';
import { lockContract } from '../contract/lock-contract.ts';
import { annotationKinds, type AnnotationKind } from '../locks/annotation-kinds.ts';
import { startControlPlane, type ControlPlane, type PolicyRule } from '../support/control-plane.ts';
import {
  inContest,
  lock as name,
  openContest,
  swift,
  textLog,
  type Contest,
} from './support/contest.ts';
import { underContract } from './support/under-contract.ts';
import { until } from './support/until.ts';

interface FoundObject {
  readonly metadata: {
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
}

/** What the README asks for: everything with this object alone, but for `create`, which cannot be limited so. */
function rulesFor({ resource }: AnnotationKind, ...without: readonly string[]): PolicyRule[] {
  const verbs = ['get', 'update', 'watch'].filter((verb) => !without.includes(verb));
  const role = { apiGroups: [''], resources: [resource] };
  const named = { ...role, resourceNames: [name], verbs };
  return without.includes('create') ? [named] : [named, { ...role, verbs: ['create'] }];
}

const pathIn = ({ namespace }: Contest, { resource }: AnnotationKind): string =>
  `/api/v1/namespaces/${namespace}/${resource}`;

async function objectIn(contest: Contest, kind: AnnotationKind): Promise<FoundObject> {
  const path = `${pathIn(contest, kind)}/${name}`;
  return (await contest.controlPlane.request<FoundObject>('GET', path)).body;
}

/** Somebody's object of that name, which is there first. */
async function inUse(
  contest: Contest,
  kind: AnnotationKind,
  annotations: object,
): Promise<FoundObject> {
  const metadata = { name, labels: { team: 'blue' }, annotations: { note: 'n', ...annotations } };
  const body = { metadata, ...kind.content };
  const answer = await contest.controlPlane.request('POST', pathIn(contest, kind), body);
  expect(answer.status).toBe(201);
  return objectIn(contest, kind);
}

/** All that nobody but its owner changes. */
function content({ metadata, ...rest }: FoundObject): object {
  const ours = { [recordAnnotation]: undefined, 'k8s-leader.dev/history': undefined };
  const annotations = { ...metadata.annotations, ...ours };
  return { ...rest, uid: metadata.uid, labels: metadata.labels, annotations };
}

let controlPlane: ControlPlane;

beforeAll(async () => {
  controlPlane = await startControlPlane();
});
afterAll(async () => {
  await controlPlane.close();
});

describe.each(annotationKinds)('with a Role that names the object, $flag:', (kind) => {
  let contest: Contest;
  let kubeconfig: string;
  beforeAll(async () => {
    contest = await openContest(controlPlane);
    ({ kubeconfig } = await contest.account('candidate', rulesFor(kind)));
  });
  afterAll(async () => {
    await contest.close();
  });

  lockContract(`an annotation of ${kind.resource}`, () => {
    const lockBy = (connection: Connection) =>
      kind.lockIn({ connection, namespace: contest.namespace, name });
    return underContract(kubeconfig, lockBy, async () => {
      await controlPlane.request('DELETE', `${pathIn(contest, kind)}/${name}`);
    });
  });
});

describe.concurrent.each(annotationKinds)('k8s-leader run --lock-kind $flag', (kind) => {
  const flags = ['--lock-kind', kind.flag, ...swift];
  const meet = (check: (contest: Contest) => Promise<void>) => inContest(controlPlane, check);
  const join = async (contest: Contest, who: string, rules = rulesFor(kind)) =>
    contest.join(who, { account: await contest.account(who, rules), flags });

  test('hands over by watching, in an object that is not made for it', () =>
    meet(async (contest) => {
      const a = await join(contest, 'a');
      await a.told('started');
      const created = await objectIn(contest, kind);
      const b = await join(contest, 'b');
      await b.told('standing-by');
      await contest.watching('b');
      a.signal('SIGTERM');
      expect(await a.ended).toEqual({ code: 143, signal: null });
      await contest.nthLife(2);
      b.signal('SIGTERM');
      await b.ended;
      const released = await objectIn(contest, kind);
      expect(released.metadata.uid).toBe(created.metadata.uid);
      expect(parseRecord(released.metadata.annotations?.[recordAnnotation])).toMatchObject({
        holder: '',
        leaseDurationMs: 1_000,
        transitions: 1,
      });
      expect(Object.keys(released)).not.toContain('data');
      expect(await contest.lives()).toHaveLength(2);
    }));

  test('leaves an object that is in use, and cannot be changed, as it was', () =>
    meet(async (contest) => {
      const before = await inUse(contest, kind, {});
      const a = await join(contest, 'a');
      await a.told('started');
      const renewed = async () =>
        (await contest.looksAndWrites('a')).filter((each) => each === 'update 200').length > 1;
      await until('a renewal', renewed);
      a.signal('SIGTERM');
      await a.ended;
      const after = await objectIn(contest, kind);
      expect(content(after)).toEqual(content(before));
      expect(after.metadata.annotations).toHaveProperty([recordAnnotation]);
      expect(a.stderr).not.toMatch(/hunter2|aHVu/);
    }));

  test('waits as long as its own lease for somebody whose annotation says nothing', () =>
    meet(async (contest) => {
      await inUse(contest, kind, { [recordAnnotation]: '{"holderIdentity":' });
      const startedAt = performance.now();
      const a = await join(contest, 'a');
      expect(await a.told('standing-by')).toMatchObject({
        holder: 'somebody unknown, the annotation is not a leader election record',
      });
      await a.told('started', 30_000);
      expect(performance.now() - startedAt).toBeGreaterThan(6_000);
    }));

  test.each(['get', 'create', 'update'])('names the rule when %s is missing', (verb) =>
    meet(async (contest) => {
      if (verb !== 'create') await inUse(contest, kind, {});
      const account = await contest.account('a', rulesFor(kind, verb));
      const once = [textLog, '--try', ...flags];
      const a = await contest.join('a', { account, flags: once, command: ['echo', 'started'] });
      expect(await a.ended).toEqual({ code: 77, signal: null });
      expect(a.stdout).toBe('');
      expect(a.stderr).toContain(
        `apiGroups [""], resources ["${kind.resource}"], verbs ["${verb}"]`,
      );
      const warnings = a.stderr.match(/Endpoints are deprecated/g) ?? [];
      expect(warnings).toHaveLength(kind.flag === 'endpoints' ? 1 : 0);
      expect(a.stderr).not.toMatch(/hunter2|aHVu/);
    }),
  );
});
