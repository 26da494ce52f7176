/** `--pod-label` on real Pod objects: who has the label when, with the whole history of it in view. */
import { randomInt } from 'node:crypto';
import { uptime } from 'node:os';
import { describe, expect } from 'vitest';
import type { PolicyRule } from '../support/control-plane.ts';
import { seededRandom } from '../support/random.ts';
import { accountOf, apply, printedRbac } from './support/applied.ts';
import type { Account } from './support/accounts.ts';
import { leaseRules } from './support/accounts.ts';
import type { Candidate } from './support/candidate.ts';
import {
  jsonLog,
  lock,
  rounds,
  swift,
  type Contest,
  type Participation,
} from './support/contest.ts';
import { test as base } from './support/fixtures.ts';
import { isReleased } from './support/lease.ts';
import { podsIn, type Pods } from './support/pods.ts';
import { until } from './support/until.ts';

const seed = Number(process.env['SEED'] ?? randomInt(1_000_000));
const label = 'role=leader';
const flags = [...swift, '--pod-label', label];
const withEvents = [...flags, '--events'];
const leases = leaseRules('get', 'create', 'update', 'watch');
const podRules = (...verbs: string[]): PolicyRule[] => [
  ...leases,
  { apiGroups: [''], resources: ['pods'], verbs },
];
const labelRules = podRules('get', 'patch');

interface Stage {
  readonly pods: Pods;
  /** A process in the Pod of that name, which is made when it is the first there. */
  inPod(name: string, how?: Participation): Promise<Candidate>;
}

const test = base.extend<{ stage: Stage }>({
  stage: async ({ contest }, use) => {
    const pods = await podsIn(contest, 'role');
    const envs = new Map<string, Record<string, string>>();
    const accounts = new Map<string, Account>();
    await use({
      pods,
      async inPod(name, how = {}) {
        const env = envs.get(name) ?? (await pods.create(name));
        envs.set(name, env);
        const account =
          how.account ?? accounts.get(name) ?? (await contest.account(name, labelRules));
        accounts.set(name, account);
        return contest.join(name, { flags, ...how, account, env });
      },
    });
    pods.close();
  },
});

/** Waits until exactly these have the label. */
function labelled(pods: Pods, ...names: string[]): Promise<unknown> {
  const now = () => pods.history.at(-1)!.names;
  return until(`${names.join()} labelled`, () => now().join() === names.join(), { everyMs: 5 });
}

/** What an account has asked for, leaving out watches: `<verb> <resource>`. */
async function asked(contest: Contest, account: string): Promise<string[]> {
  const requests = await contest.requests(account);
  return requests
    .filter(({ verb }) => verb !== 'watch')
    .map(({ verb, resource, code }) => `${verb} ${resource} ${code ?? '?'}`);
}

/** Where the server is slow, the patch is given up after a second, and comes again. */
const backInItsPod = ['get pods 200', expect.stringMatching(/^patch pods /), 'get leases 200'];

/** The first after so many others. */
function firstThree(contest: Contest, account: string, before = 0): Promise<string[]> {
  return until('three requests', async () => {
    const first = (await asked(contest, account)).slice(before, before + 3);
    return first.length === 3 && first;
  });
}

function warningsOf({ log }: Candidate): string[] {
  return log.filter(({ event }) => event === 'warning').map(({ message }) => message);
}

describe.concurrent('the label', () => {
  test('goes from leader to leader, and is gone before the Lease is released', async ({
    contest,
    stage: { pods, inPod },
  }) => {
    let leader = await inPod('a');
    await labelled(pods, 'a');
    let standby = await inPod('b');
    const names = ['a', 'b'];
    for (const round of [...rounds, ...rounds]) {
      await standby.told('standing-by');
      const [was = '', is = ''] = names;
      leader.signal('SIGTERM');
      await leader.ended;
      const onPods = (request: string) => request.includes('pods');
      const requests = await asked(contest, was);
      expect(requests.findLast(onPods)).toBe('patch pods 200');
      expect(requests.slice(requests.findLastIndex(onPods))).toContain('update leases 200');
      await labelled(pods, is);
      expect(await pods.selected('app=worker,role=leader'), `round ${round}`).toEqual([is]);
      names.reverse();
      leader = standby;
      standby = await inPod(was);
    }
    for (const { names } of pods.history) expect(names.length).toBeLessThanOrEqual(1);
  });

  test('of an earlier process goes before the first look at the lock', async ({
    contest,
    stage: { pods, inPod },
  }) => {
    await inPod('a');
    await labelled(pods, 'a');
    await pods.create('b', { role: 'leader' });
    const account = await contest.account('b', labelRules);
    const env = { POD_NAME: 'b', POD_NAMESPACE: contest.namespace };
    const b = await contest.join('b', { flags, account, env });
    await b.told('standing-by');
    await labelled(pods, 'a');
    expect(await firstThree(contest, 'b')).toEqual(backInItsPod);
  });

  test('is set with the value, and whatever else is in the Pod survives', async ({
    stage: { pods, inPod },
  }) => {
    const a = await inPod('a');
    await labelled(pods, 'a');
    const { metadata } = await pods.read('a');
    expect(metadata?.labels).toEqual({ app: 'worker', role: 'leader' });
    a.signal('SIGTERM');
    await a.ended;
    expect((await pods.read('a')).metadata?.labels).toEqual({ app: 'worker' });
  });

  test('is that of the Pod with the name of the host, in a pod without POD_NAME', async ({
    contest,
    stage: { pods },
  }) => {
    const { POD_NAMESPACE = '' } = await pods.create('worker-0');
    const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
    const named = 'echo worker-0 >/proc/sys/kernel/hostname && exec "$@"';
    await contest.join('a', {
      flags,
      account: await contest.account('a', labelRules),
      env: { POD_NAMESPACE, KUBERNETES_SERVICE_HOST: '127.0.0.1' },
      launcher: ['unshare', ...asRoot, '--uts', 'sh', '-c', named, 'sh'],
    });
    await labelled(pods, 'worker-0');
  });

  test('of a server that does not answer delays no signal', async ({
    contest,
    stage: { pods },
  }) => {
    const account = await contest.account('a', labelRules);
    const proxy = await contest.proxy();
    await proxy.set('swallow');
    const user = { token: account.token };
    const { namespace } = contest;
    const kubeconfig = await contest.controlPlane.kubeconfig({
      user,
      namespace,
      server: proxy.url,
    });
    const env = await pods.create('a');
    const a = await contest.join('a', { flags, account, env, kubeconfig });
    await until('a connection', () => proxy.connections > 0);
    const began = performance.now();
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 143, signal: null });
    // The request that hangs would last 2 s.
    expect(performance.now() - began).toBeLessThan(1_900);
  });

  test('is set and removed while others write to the Pod all the time', async ({
    stage: { pods, inPod },
  }) => {
    const hands = { goOn: true };
    const hand = (async () => {
      await until('a Pod', async () => (await pods.selected('app=worker')).length > 0);
      for (let n = 0; hands.goOn; n += 1) await pods.annotate('a', String(n));
    })();
    const a = await inPod('a');
    await labelled(pods, 'a');
    a.signal('SIGTERM');
    await a.ended;
    hands.goOn = false;
    await hand;
    expect((await pods.read('a')).metadata?.labels).toEqual({ app: 'worker' });
    expect(warningsOf(a)).toEqual([]);
  });
});

describe.concurrent('a leader that is asked to step down', () => {
  test('loses the label before the other leads', async ({ contest, stage: { pods, inPod } }) => {
    const rejoin = [...flags, '--on-lost', 'rejoin'];
    await inPod('a', { flags: rejoin });
    await labelled(pods, 'a');
    const b = await inPod('b', { flags: rejoin });
    await b.told('standing-by');
    const kubeconfig = await contest.controlPlane.kubeconfig({ namespace: contest.namespace });
    const asked = await contest.start(['step-down', '--lock', lock, '--kubeconfig', kubeconfig]);
    expect(await asked.ended).toEqual({ code: 0, signal: null });
    await labelled(pods, 'b');
    for (const { names } of pods.history) expect(names.length).toBeLessThanOrEqual(1);
  });
});

describe.concurrent('a leader that is killed', () => {
  test('has a dead command before another Pod has the label, and loses its own when it is back', async ({
    contest,
    stage: { pods, inPod },
  }) => {
    const a = await inPod('a', { command: contest.life('deaf', 'family', 'exile') });
    await contest.nthLife(1, 3);
    await labelled(pods, 'a');
    const b = await inPod('b');
    await b.told('standing-by');
    a.signal('SIGKILL');
    await a.ended;
    await labelled(pods, 'a', 'b');
    const bothFromMs = pods.history.at(-1)!.seenMs;
    const [first] = await contest.lives();
    expect(first!.lastMs).toBeLessThan(bothFromMs - 4_000);

    const before = (await asked(contest, 'a')).length;
    await (await inPod('a')).told('standing-by');
    await labelled(pods, 'b');
    expect(await firstThree(contest, 'a', before)).toEqual(backInItsPod);
  });

  test('and back before anybody leads has no label until it does', async ({
    contest,
    stage: { pods, inPod },
  }) => {
    const a = await inPod('a');
    await labelled(pods, 'a');
    await contest.nthLife(1);
    a.signal('SIGKILL');
    await a.ended;
    const again = await inPod('a');
    await again.told('standing-by');
    expect(pods.history.at(-1)?.names).toEqual([]);
    await labelled(pods, 'a');
    await again.told('elected');
    const [, second] = [await contest.nthLife(1), await contest.nthLife(2)];
    const setMs = pods.history.at(-1)!.seenMs;
    expect(setMs).toBeGreaterThan(second.firstMs - 1_000);
  });

  test('while its patch was on the way does not get the label from it later', async ({
    contest,
    stage: { pods, inPod },
  }) => {
    const { token } = await contest.account('a', labelRules);
    const letGo = Promise.withResolvers<undefined>();
    const held = Promise.withResolvers<undefined>();
    let patches = 0;
    const recorder = await contest.recorder({
      token,
      beforeAsking(method) {
        // The first is the removal at the start.
        if (method !== 'PATCH' || (patches += 1) < 2) return undefined;
        held.resolve(undefined);
        return letGo.promise;
      },
    });
    const server = recorder.url;
    const kubeconfig = await contest.controlPlane.kubeconfig({
      server,
      user: {},
      namespace: contest.namespace,
    });
    const account = { name: 'a', token, kubeconfig };
    const a = await inPod('a', { account });
    await held.promise;
    a.signal('SIGKILL');
    await a.ended;
    const b = await inPod('b');
    const direct = await contest.controlPlane.kubeconfig({
      user: { token },
      namespace: contest.namespace,
    });
    const again = await inPod('a', { account: { ...account, kubeconfig: direct } });
    await b.told('standing-by');
    await again.told('standing-by');
    letGo.resolve(undefined);
    await until('the late patch is answered', () =>
      recorder.exchanges.some(({ method, status }) => method === 'PATCH' && status === 409),
    );
    for (const { names } of pods.history) expect(names).not.toContain('a');
  });
});

describe.concurrent('a leader that is cut off', () => {
  test('has a dead command before another Pod has the label, and loses its own when the network is back', async ({
    contest,
    stage: { pods },
  }) => {
    const account = await contest.account('a', labelRules);
    const env = await pods.create('a');
    const a = await contest.joinThroughProxy('a', {
      account,
      env,
      flags: [...flags, '--on-lost', 'rejoin'],
      command: contest.life('deaf'),
    });
    await contest.nthLife(1);
    await labelled(pods, 'a');
    const b = await contest.join('b', {
      flags,
      account: await contest.account('b', labelRules),
      env: await pods.create('b'),
    });
    await b.told('standing-by');
    await a.proxy.set('swallow');
    await labelled(pods, 'a', 'b');
    const bothFromMs = pods.history.at(-1)!.seenMs;
    const [first] = await contest.lives();
    expect(first!.lastMs).toBeLessThan(bothFromMs);
    await a.proxy.heal();
    await labelled(pods, 'b');
    await a.told('standing-by');
  });

  test('from Pods alone ends as its command did, with the Lease released, soon after TERM', async ({
    contest,
    stage: { pods },
  }) => {
    const { token } = await contest.account('a', labelRules);
    let isHeld = false;
    const recorder = await contest.recorder({
      token,
      beforeAsking: (method) => (isHeld && method === 'PATCH' ? new Promise(() => {}) : undefined),
    });
    const server = recorder.url;
    const kubeconfig = await contest.controlPlane.kubeconfig({
      server,
      user: {},
      namespace: contest.namespace,
    });
    const env = await pods.create('a');
    const account = { name: 'a', token, kubeconfig };
    const command = ['sh', '-c', 'trap "exit 5" TERM; echo ready; while :; do sleep 0.01; done'];
    const a = await contest.join('a', { flags, account, env, command });
    await labelled(pods, 'a');
    await until('CMD is ready', () => a.stdout === 'ready\n');
    isHeld = true;
    const beganMs = uptime() * 1_000;
    a.signal('SIGTERM');
    expect(await a.ended).toEqual({ code: 5, signal: null });
    const tookMs = uptime() * 1_000 - beganMs;
    expect(tookMs).toBeGreaterThan(1_900);
    expect(tookMs).toBeLessThan(4_000);
    expect(isReleased((await contest.lease())!.spec)).toBe(true);
    expect(warningsOf(a)).toEqual([
      expect.stringMatching(/^cannot remove the label role of the Pod/),
    ]);
  });
});

/** Lost after two seconds without a renewal, killed after 2.6, succeeded after three. */
const brisk = ['--lease-duration', '3s', '--renew-deadline', '2s', '--retry-period', '500ms'];

describe.concurrent('whatever happens to leaders', () => {
  test(`a Pod gets the label only when no other command lives, SEED=${seed}`, async ({
    contest,
    stage: { pods },
  }) => {
    const random = seededRandom(seed);
    const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    const options = [...brisk, '--pod-label', label, '--on-lost', 'rejoin'];
    const accounts = new Map<string, Account>();
    const envs = new Map<string, Record<string, string>>();
    for (const name of ['a', 'b', 'c']) {
      accounts.set(name, await contest.account(name, labelRules));
      envs.set(name, await pods.create(name));
    }
    const everybody: { readonly pod: string; readonly candidate: Candidate }[] = [];
    const enter = async (pod: string) => {
      const how = { account: accounts.get(pod)!, env: envs.get(pod)!, flags: options };
      const command = contest.life(...one([[], ['deaf'], ['family'], ['exile']] as const));
      const candidate = await contest.joinThroughProxy(pod, { ...how, command });
      everybody.push({ pod, candidate });
      return candidate;
    };
    const inside = new Map<string, Awaited<ReturnType<typeof enter>>>();
    for (const name of ['a', 'b', 'c']) inside.set(name, await enter(name));
    for (let round = 1; round <= 3 * rounds.length; round += 1) {
      await contest.nthLife(round);
      const { length } = pods.history;
      const leads = async () => {
        const { spec } = (await contest.lease())!;
        const pod = spec.holderIdentity?.split('_')[0] ?? '';
        return pods.history.at(-1)!.names.includes(pod) && pod;
      };
      const pod = await until(`round ${round}: the leader has the label`, leads);
      const leader = inside.get(pod)!;
      switch (one(['TERM', 'KILL', 'STOP', 'cut off'])) {
        case 'TERM':
          leader.signal('SIGTERM');
          await leader.exited;
          inside.set(pod, await enter(pod));
          break;
        case 'KILL':
          leader.signal('SIGKILL');
          await leader.exited;
          inside.set(pod, await enter(pod));
          break;
        case 'STOP':
          leader.signal('SIGSTOP');
          await contest.nthLife(round + 1);
          leader.signal('SIGCONT');
          break;
        case 'cut off':
          await leader.proxy.set(one(['swallow', 'reset', 'refuse']));
          await contest.nthLife(round + 1);
          await leader.proxy.heal(one(['deliver', 'drop']));
      }
      await until('a change', () => pods.history.length > length);
    }
    const podOf = new Map(
      everybody.flatMap(({ pod, candidate: { log } }) =>
        log.flatMap(({ fencingToken }) => (fencingToken ? [[BigInt(fencingToken), pod]] : [])),
      ) as [bigint, string][],
    );
    const lives = (await contest.lives()).map((life) => ({ ...life, pod: podOf.get(life.token) }));
    let before: readonly string[] = [];
    let settings = 0;
    for (const { names, seenMs } of pods.history) {
      for (const name of names.filter((each) => !before.includes(each))) {
        settings += 1;
        const others = lives.filter(({ pod, firstMs, lastMs }) => {
          return pod !== name && firstMs < seenMs - 50 && lastMs > seenMs;
        });
        expect(others).toEqual([]);
      }
      before = names;
    }
    expect(settings).toBeGreaterThan(3 * rounds.length - 1);
  });
});

describe.concurrent('permissions', () => {
  test('those that rbac prints for the Pod are enough, and are for no other', async ({
    contest,
    stage: { pods },
  }) => {
    const wanted = ['--pod-label', label, '--pod-names', 'a,b', '--no-events'];
    await apply(contest, await printedRbac(contest, wanted));
    const lease = { group: 'coordination.k8s.io', resource: 'leases' };
    const account = await accountOf(contest, lock, { verb: 'create', ...lease });
    const env = await pods.create('a');
    const a = await contest.join('a', { account, env, flags });
    await labelled(pods, 'a');
    a.signal('SIGTERM');
    await a.ended;
    const requests = await contest.requests(lock);
    expect(requests.filter(({ code }) => code === 403)).toEqual([]);
    const { namespace, controlPlane } = contest;
    await pods.create('other');
    const path = `/api/v1/namespaces/${namespace}/pods/other`;
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const { status } = await controlPlane.request(method, path, { metadata: {} }, account);
      expect([method, status]).toEqual([method, 403]);
    }
  });

  test('those for any Pod, when no names are known', async ({ contest, stage: { pods } }) => {
    await apply(contest, await printedRbac(contest, ['--pod-label', label, '--events']));
    const lease = { group: 'coordination.k8s.io', resource: 'leases' };
    const account = await accountOf(contest, lock, { verb: 'create', ...lease });
    await contest.join('a', { account, flags: withEvents, env: await pods.create('a') });
    await labelled(pods, 'a');
    const told = () =>
      contest.requests(lock).then((all) => all.some(({ resource }) => resource === 'events'));
    await until('an Event', told);
    expect((await contest.requests(lock)).filter(({ code }) => code === 403)).toEqual([]);
  });

  test.for([
    ['to patch', podRules('get')],
    ['to read or patch', leases],
  ] as const)(
    'without any %s it leads, after one warning with the rule',
    async ([, rules], { contest, stage: { inPod } }) => {
      const account = await contest.account('a', rules);
      const a = await inPod('a', { account, command: ['sh', '-c', 'sleep 1; exit 3'] });
      expect(await a.ended).toEqual({ code: 3, signal: null });
      const warnings = warningsOf(a);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(
        /^cannot remove the label role of the Pod: not allowed to \w+ pods .*; add to a Role .* resources \["pods"\], resourceNames \["a"\], verbs \["\w+"\]$/,
      );
      expect(isReleased((await contest.lease())!.spec)).toBe(true);
    },
  );

  test('a Pod that does not exist is one warning', async ({ contest }) => {
    const account = await contest.account('a', labelRules);
    const env = { POD_NAME: 'nobody', POD_NAMESPACE: contest.namespace };
    const a = await contest.join('a', { account, flags, env, command: ['true'] });
    expect(await a.ended).toEqual({ code: 0, signal: null });
    expect(warningsOf(a)).toEqual([
      `cannot remove the label role of the Pod: there is no Pod "nobody" in namespace "${contest.namespace}"; POD_NAME and POD_NAMESPACE must name the own Pod`,
    ]);
  });

  test('outside of a pod it is a usage error, and nothing is touched', async ({ contest }) => {
    const { kubeconfig } = await contest.account('a', labelRules);
    const args = ['--lock', lock, '--kubeconfig', kubeconfig, ...jsonLog, ...flags];
    const a = await contest.start(['run', ...args, '--', 'echo', 'started']);
    expect(await a.ended).toEqual({ code: 64, signal: null });
    expect(a.stdout).toBe('');
    expect(a.log.map(({ message }) => message)).toEqual([
      '--pod-label needs to know which Pod this is, and this is no pod; set POD_NAME and POD_NAMESPACE, in a pod by fieldRef, or leave --pod-label out',
    ]);
    expect(await contest.requests('a')).toEqual([]);
  });
});
