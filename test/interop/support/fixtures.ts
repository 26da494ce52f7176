/** A contest of one of ours and one of the other electors, on one lock and with equal timings. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestAPI } from 'vitest';
import { leaseRules } from '../../cluster/support/accounts.ts';
import type { Candidate } from '../../cluster/support/candidate.ts';
import { lock, type Contest } from '../../cluster/support/contest.ts';
import { test as clusterTest } from '../../cluster/support/fixtures.ts';
import { readLives, type Life } from '../../cluster/support/lives.ts';
import { startReaper } from '../../support/control-plane/reaper.ts';
import type { PolicyRule } from '../../support/control-plane.ts';
import { timing, type Elector, type LockKind } from './electors.ts';
import { startForeign, type Foreign } from './foreign.ts';
import { goPrograms } from './programs.ts';

export interface Meeting {
  readonly contest: Contest;
  /** Starts `k8s-leader run`, under the name `ours`. */
  ours(kind: LockKind): Promise<Candidate>;
  /** Starts the other one, under the name `foreign`. */
  foreign(elector: Elector, kind: LockKind): Promise<Foreign>;
  /** Everybody's times of leadership so far, by their beginning. */
  lives(): Promise<Life[]>;
}

const rules: Readonly<Record<LockKind, readonly PolicyRule[]>> = {
  lease: leaseRules('get', 'create', 'update'),
};
/** Ours may watch, too. */
const withWatch = (all: readonly PolicyRule[]): PolicyRule[] =>
  all.map((rule) => ({ ...rule, verbs: [...rule.verbs, 'list', 'watch'] }));

const flags = [
  ...['--identity', 'ours'],
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
const kindFlags: Readonly<Record<LockKind, readonly string[]>> = { lease: [] };

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
    onTestFailed(({ task }) => {
      const all = others.map(({ pid, stderr }) => `${pid}:\n${stderr}`).join('\n');
      process.stderr.write(`\n${task.name}\n${all}\n`);
    });

    await use({
      contest,
      async ours(kind) {
        const account = await contest.account('ours', withWatch(rules[kind]));
        const command = [(await goPrograms()).life, oursFolder];
        return contest.join('ours', { account, command, flags: [...kindFlags[kind], ...flags] });
      },
      async foreign({ command }, kind) {
        const { kubeconfig } = await contest.account('foreign', rules[kind]);
        const [file, ...args] = await command();
        const place = ['--kind', kind, '--name', lock, '--namespace', contest.namespace];
        const self = ['--identity', 'foreign', '--kubeconfig', kubeconfig];
        const record = ['--record', join(foreignFolder, '0')];
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
    });
    await reaper.reap();
    await Promise.all(others.map(({ ended }) => ended));
  },
});
