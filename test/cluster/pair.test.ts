/** One lock in an old object and a Lease, on the real server, by accounts that may do no more than they need. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Connection } from '../../src/kube/connection.ts';
import { parseRecord } from '../../src/locks/annotation-record.ts';
import { recordAnnotation } from '../../src/locks/annotation.ts';
import { lockContract } from '../contract/lock-contract.ts';
import { pairKinds, type PairKind } from '../locks/pair-kinds.ts';
import { startControlPlane, type ControlPlane, type PolicyRule } from '../support/control-plane.ts';
import type { Candidate } from './support/candidate.ts';
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

type Half = 'old' | 'lease';

/** What the README asks for, for both, without one of the verbs on one of them. */
function rulesFor({ old }: PairKind, without?: { half: Half; verb: string }): PolicyRule[] {
  const halves = [
    { half: 'old', apiGroups: [''], resources: [old.resource] },
    { half: 'lease', apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
  ];
  return halves.flatMap(({ half, ...where }) => {
    const may = (verb: string) => half !== without?.half || verb !== without.verb;
    const named = ['get', 'update', 'watch'].filter(may);
    return [
      { ...where, resourceNames: [name], verbs: named },
      ...(may('create') ? [{ ...where, verbs: ['create'] }] : []),
    ];
  });
}

const pathOf = ({ namespace }: Contest, { old }: PairKind): string =>
  `/api/v1/namespaces/${namespace}/${old.resource}/${name}`;

/** What the old object says. */
async function oldRecord(contest: Contest, kind: PairKind) {
  const { status, body } = await contest.controlPlane.request<{
    metadata: { annotations?: Readonly<Record<string, string>> };
  }>('GET', pathOf(contest, kind));
  return status === 200 ? parseRecord(body.metadata.annotations?.[recordAnnotation]) : undefined;
}

let controlPlane: ControlPlane;

beforeAll(async () => {
  controlPlane = await startControlPlane();
});
afterAll(async () => {
  await controlPlane.close();
});

describe.each(pairKinds)('with a Role that names both objects, $flag:', (kind) => {
  let contest: Contest;
  let kubeconfig: string;
  beforeAll(async () => {
    contest = await openContest(controlPlane);
    ({ kubeconfig } = await contest.account('candidate', rulesFor(kind)));
  });
  afterAll(async () => {
    await contest.close();
  });

  lockContract(kind.flag, () => {
    const lockBy = (connection: Connection) =>
      kind.lockIn({ connection, namespace: contest.namespace, name });
    return underContract(kubeconfig, lockBy, async () => {
      await controlPlane.request('DELETE', pathOf(contest, kind));
      if (await contest.lease()) await contest.deleteLease();
    });
  });
});

describe.concurrent.each(pairKinds)('k8s-leader run --lock-kind $flag', (kind) => {
  const flags = ['--lock-kind', kind.flag, ...swift];
  const meet = (check: (contest: Contest) => Promise<void>) => inContest(controlPlane, check);
  const join = async (contest: Contest, who: string) =>
    contest.join(who, { account: await contest.account(who, rulesFor(kind)), flags });

  test('hands over by watching, and says the same in both objects', () =>
    meet(async (contest) => {
      const a = await join(contest, 'a');
      await a.told('started');
      const lease = await contest.leaseOnce(({ holderIdentity }) => !!holderIdentity);
      expect((await oldRecord(contest, kind))?.holder).toBe(lease.spec.holderIdentity);
      const b = await join(contest, 'b');
      await b.told('standing-by');
      await contest.watching('b');
      a.signal('SIGTERM');
      expect(await a.ended).toEqual({ code: 143, signal: null });
      await b.told('started');
      await contest.nthLife(2);
      b.signal('SIGTERM');
      await b.ended;
      expect(await oldRecord(contest, kind)).toMatchObject({ holder: '', transitions: 1 });
      expect((await contest.lease())?.spec).toMatchObject({ holderIdentity: '' });
      const tokens = (await contest.lives()).map(({ token }) => token);
      expect(tokens).toHaveLength(2);
      expect(tokens[1]! > tokens[0]!).toBe(true);
    }));

  test.each(['old', 'lease'] as const)(
    'makes its %s half again at once when it is deleted',
    (half) =>
      meet(async (contest) => {
        const a = await join(contest, 'a');
        await a.told('started');
        await contest.watching('a');
        if (half === 'lease') await contest.deleteLease();
        else await controlPlane.request('DELETE', pathOf(contest, kind));
        await a.told('restored');
        const { spec } = await contest.leaseOnce(({ holderIdentity }) => !!holderIdentity);
        expect((await oldRecord(contest, kind))?.holder).toBe(spec.holderIdentity);
        expect(a.log.map(({ event }) => event)).not.toContain('lost');
      }),
  );

  test.each([
    ...(['get', 'create', 'update'] as const).map((verb) => ['old', verb] as const),
    ...(['get', 'create', 'update'] as const).map((verb) => ['lease', verb] as const),
  ])('names the rule when the %s half may not be asked to %s', (half, verb) =>
    meet(async (contest) => {
      if (verb === 'update') {
        const first = await join(contest, 'first');
        await first.told('started');
        first.signal('SIGTERM');
        await first.ended;
      }
      const account = await contest.account('a', rulesFor(kind, { half, verb }));
      const once = [textLog, '--try', ...flags];
      const a = await contest.join('a', { account, flags: once, command: ['echo', 'started'] });
      expect(await a.ended).toEqual({ code: 77, signal: null });
      expect(a.stdout).toBe('');
      const [group, resource] =
        half === 'lease' ? ['coordination.k8s.io', 'leases'] : ['', kind.old.resource];
      expect(a.stderr).toContain(
        `apiGroups ["${group}"], resources ["${resource}"], verbs ["${verb}"]`,
      );
      // It stands in nobody's way: those who know the old object alone can have it.
      const left = await oldRecord(contest, kind);
      expect(left?.holder ?? '').toBe('');
    }),
  );

  test('polls, and says so once, when one of both may not be watched', () =>
    meet(async (contest) => {
      const a = await join(contest, 'a');
      await a.told('started');
      const rules = rulesFor(kind, { half: 'lease', verb: 'watch' });
      const b = await contest.join('b', { account: await contest.account('b', rules), flags });
      expect((await b.told('unwatched')).message).toContain('resources ["leases"]');
      a.signal('SIGTERM');
      await a.ended;
      await b.told('started');
      const others = b.log.filter(({ event }) => event === 'unwatched');
      expect(others).toHaveLength(1);
    }));
});

test('a half claim is given back: who leads by the Lease alone is succeeded at once', async () => {
  const [kind] = pairKinds;
  const contest = await openContest(controlPlane);
  try {
    const alone = await contest.join('alone');
    await alone.told('started');
    const flags = ['--lock-kind', kind!.flag, ...swift];
    const account = await contest.account('both', rulesFor(kind!));
    const both = await contest.join('both', { account, flags });
    await both.told('standing-by');
    await contest.watching('both');
    alone.signal('SIGTERM');
    await alone.ended;
    const endedAt = performance.now();
    await both.told('started');
    expect(performance.now() - endedAt).toBeLessThan(3_000);
    const holder = await until('the old object', async () => {
      const record = await oldRecord(contest, kind!);
      return record?.holder;
    });
    expect((await contest.lease())?.spec.holderIdentity).toBe(holder);
  } finally {
    await contest.close();
  }
});

describe.concurrent('run looks once at the other kind:', () => {
  const [kind] = pairKinds;
  const allRules = rulesFor(kind!);
  const meet = async (
    first: readonly string[],
    then: readonly string[],
    check: (contest: Contest, b: Candidate) => Promise<void>,
  ) => {
    await inContest(controlPlane, async (contest) => {
      const join = async (who: string, flags: readonly string[]) => {
        const account = await contest.account(who, allRules);
        return contest.join(who, { account, flags: [...flags, ...swift] });
      };
      const a = await join('a', first);
      await a.told('started');
      await check(contest, await join('b', then));
    });
  };
  const old = ['--lock-kind', kind!.old.flag];
  const both = ['--lock-kind', kind!.flag];

  test.each([
    ['a Lease', old, [], /the ConfigMap of the same name has a live leader too: /],
    ['an annotation', [], old, /the Lease of the same name has a live leader too: /],
  ] as const)('who leads by %s warns of somebody else who leads', (_, first, then, expected) =>
    meet(first, then, async (contest, b) => {
      await b.told('started');
      await contest.nthLife(2);
      expect((await b.told('warning')).message).toMatch(expected);
      // It is not the warning that makes two of them.
      expect(await contest.lives()).toHaveLength(2);
    }),
  );

  test.each([
    ['a Lease', []],
    ['an annotation', old],
  ])('who follows by %s one that leads in both says nothing', (_, then) =>
    meet(both, then, async (contest, b) => {
      await b.told('standing-by');
      const resource = then.length === 0 ? 'configmaps' : 'leases';
      const looked = async () =>
        (await contest.allRequests('b')).filter((entry) => entry.resource === resource);
      await until('a look', async () => (await looked()).length > 0);
      await contest.nextRequests('a', 2);
      expect((await looked()).map(({ verb }) => verb)).toEqual(['get']);
      expect(b.log.map(({ event }) => event)).not.toContain('warning');
    }),
  );
});
