/** A contest of one of ours and one of the other electors, on one lock and with equal timings. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, type TestAPI } from 'vitest';
import { leaseRules, withoutWatch } from '../../cluster/support/accounts.ts';
import type { Candidate } from '../../cluster/support/candidate.ts';
import { lock, type Contest } from '../../cluster/support/contest.ts';
import { test as clusterTest } from '../../cluster/support/fixtures.ts';
import type { LeaseSpec } from '../../cluster/support/lease.ts';
import { readLives, type Life } from '../../cluster/support/lives.ts';
import { until } from '../../cluster/support/until.ts';
import { startReaper } from '../../support/control-plane/reaper.ts';
import type { PolicyRule } from '../../support/control-plane.ts';
import { timing, type LockKind, type Pair } from './electors.ts';
import { startForeign, type Foreign } from './foreign.ts';
import { goPrograms } from './programs.ts';

export interface Meeting {
  readonly contest: Contest;
  /** Starts `k8s-leader run`, with its name as its identity. */
  ours(kind: OurKind, name?: string): Promise<Candidate>;
  /** Starts the other one, with its name as its identity. */
  foreign(pair: Pair, name?: string): Promise<Foreign>;
  /** Everybody's times of leadership so far, by their beginning, in ms of CLOCK_MONOTONIC. */
  lives(): Promise<Life[]>;
  /** The same as soon as there are so many, and not one more. */
  livesOnce(count: number): Promise<Life[]>;
  /** The record once `holder` leads and has renewed: it is there to stay. */
  recordOf(holder: string): Promise<LeaseSpec>;
}

/** Ours can keep one lock in both. */
type OurKind = LockKind | 'configmap+lease';

const onLease = leaseRules(...withoutWatch);
const onConfigMap: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'update'] },
];
const rules: Readonly<Record<OurKind, readonly PolicyRule[]>> = {
  lease: onLease,
  configmap: onConfigMap,
  'configmap+lease': [...onConfigMap, ...onLease],
};
/** Ours may watch, too. */
const withWatch = (all: readonly PolicyRule[]): PolicyRule[] =>
  all.map((rule) => ({ ...rule, verbs: [...rule.verbs, 'watch'] }));

const ourTiming = [
  ...['--lease-duration', `${timing.leaseDuration}s`],
  ...['--renew-deadline', `${timing.renewDeadline}s`],
  ...['--retry-period', `${timing.retryPeriod}s`],
];
/** The same for a program that takes seconds. */
const foreignTiming = [
  ...['--lease-duration', `${timing.leaseDuration}`],
  ...['--renew-deadline', `${timing.renewDeadline}`],
  ...['--retry-period', `${timing.retryPeriod}`],
];
/** Flags that choose the kind. */
const kindFlags: Readonly<Record<OurKind, readonly string[]>> = {
  lease: [],
  configmap: ['--lock-kind', 'configmap'],
  'configmap+lease': ['--lock-kind', 'configmap+lease'],
};

export const test: TestAPI<{ contest: Contest; meeting: Meeting }> = clusterTest.extend<{
  meeting: Meeting;
}>({
  meeting: async ({ contest, onTestFailed }, use) => {
    const folder = join(contest.folder, 'meeting');
    const [oursFolder, foreignFolder] = [join(folder, 'ours'), join(folder, 'foreign')];
    await mkdir(oursFolder, { recursive: true });
    await mkdir(foreignFolder);
    const reaper = await startReaper(folder);
    const others: Foreign[] = [];
    let count = 0;
    onTestFailed(({ task }) => {
      const all = others.map(({ pid, stderr }) => `${pid}:\n${stderr}`).join('\n');
      process.stderr.write(`\n${task.name}\n${all}\n`);
    });

    const meeting: Meeting = {
      contest,
      async ours(kind, name = 'ours') {
        const account = await contest.account(name, withWatch(rules[kind]));
        const command = [(await goPrograms()).life, oursFolder];
        const flags = ['--identity', name, ...kindFlags[kind], ...ourTiming];
        return contest.join(name, { account, command, flags });
      },
      async foreign({ elector, kind }, name = 'foreign') {
        const { kubeconfig } = await contest.account(name, rules[kind]);
        const [file, ...args] = await elector.command();
        const place = ['--kind', kind, '--name', lock, '--namespace', contest.namespace];
        const self = ['--identity', name, '--kubeconfig', kubeconfig];
        const record = ['--record', join(foreignFolder, String((count += 1)))];
        const other = await startForeign(
          [file, ...args, ...place, ...self, ...record, ...foreignTiming],
          reaper,
        );
        others.push(other);
        return other;
      },
      async lives() {
        const all = [...(await readLives(oursFolder)), ...(await readLives(foreignFolder))];
        return all.sort((a, b) => a.firstMs - b.firstMs);
      },
      async livesOnce(count) {
        await until(`${count} leaders`, async () => (await meeting.lives()).length >= count);
        const lives = await meeting.lives();
        expect(lives).toHaveLength(count);
        return lives;
      },
      async recordOf(holder) {
        const first = await contest.leaseOnce((spec) => spec.holderIdentity === holder);
        const { renewTime, ...rest } = first.spec;
        const later = await contest.leaseOnce((spec) => spec.renewTime !== renewTime);
        expect(later.spec).toEqual({ ...rest, renewTime: later.spec.renewTime });
        return later.spec;
      },
    };
    await use(meeting);
    await reaper.reap();
    await Promise.all(others.map(({ ended }) => ended));
  },
});
