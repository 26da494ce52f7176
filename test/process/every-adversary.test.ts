/**
 * Every command of adversary.pl with every way in which its wrapper ends, and the same where the wrapper itself may do
 * little. `ROUNDS=3` plays each pair in each place, more repeat that. `FIGURES=1` says how long nothing was left after;
 * `AT_ONCE=1` plays one case at a time, so that none is measured while another computes.
 */
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { adversary, kinds, play } from './support/adversaries.ts';
import { Den } from './support/den.ts';
import { endings, flags, withinMs, type EndingName } from './support/endings.ts';
import { tellFigures } from './support/figures.ts';
import { until } from './support/proc.ts';
import { need, test, type Place } from './support/stage.ts';

vi.setConfig({ testTimeout: 3 * withinMs });

const rounds = Array.from({ length: Number(process.env['ROUNDS'] ?? 1) }, (_, index) => index);
const places: readonly Place[] = ['own group', 'terminal', 'as PID 1'];
const everyEnding = Object.keys(endings) as EndingName[];

beforeAll(() => {
  need('perl', 'script', 'unshare', 'setpriv', 'prlimit');
});

afterAll(tellFigures);

/** Where the first process of a PID namespace is killed, the kernel kills all others: there is nothing to see. */
function placeFor(turn: number, ending: EndingName): Place {
  const place = places[turn % places.length]!;
  return place === 'as PID 1' && ending.includes('wrapper') ? 'own group' : place;
}

/** What a container gets of Docker: no SYS_PTRACE, so the environment of other users is unreadable. */
const dockersCapabilities = [
  ...['chown', 'dac_override', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...['net_bind_service', 'net_raw', 'sys_chroot', 'mknod', 'audit_write', 'setfcap'],
];
const bounded = ['-all', ...dockersCapabilities.map((name) => `+${name}`)].join(',');
const asUser = (id: number) => [
  'setpriv',
  '--reuid',
  `${id}`,
  '--regid',
  `${id}`,
  '--clear-groups',
];
const fewEndings = [
  'its first process ends',
  'the wrapper gets TERM',
  'the wrapper is killed',
  'the outer keeper is killed',
] as const;

describe.each(rounds)('round %i:', (round) => {
  const pairs = kinds.flatMap((kind, k) =>
    everyEnding.map((ending, e) => ({ kind, ending, place: placeFor(k + e + round, ending) })),
  );
  test.concurrent.for(pairs)(
    '$kind: nothing is left when $ending ($place)',
    async ({ kind, ending, place }, { stage }) => {
      const command = (den: Den) => adversary(kind, den);
      await play(stage, { command, name: kind, ending, options: { place } });
    },
  );

  describe.each([
    {
      where: "with Docker's capabilities",
      before: ['setpriv', '--bounding-set', bounded, '--inh-caps', '-all'],
      impossible: ['namespace'],
    },
    { where: 'as another user', before: asUser(23_456), impossible: ['namespace', 'user'] },
  ])('$where:', ({ before, impossible }) => {
    const possible = kinds.filter((kind) => !impossible.includes(kind));
    const pairs = possible.map((kind, k) => {
      const ending = fewEndings[(k + round) % fewEndings.length]!;
      return { kind, ending };
    });
    test.concurrent.for(pairs)(
      '$kind: nothing is left when $ending',
      async ({ kind, ending }, { stage }) => {
        await play(stage, { command: (den) => adversary(kind, den), ending, options: { before } });
      },
    );
  });

  describe('where no process can be started any more', () => {
    // Each with a user of its own, and of this run: the limit is on all processes of one.
    const firstUser = 20_000 + (process.pid % 3_000) * (everyEnding.length + 1);
    const limited = (nth: number) => [...asUser(firstUser + nth), 'prlimit', '--nproc=120'];

    test.concurrent.for(everyEnding.map((ending, index) => ({ ending, nth: index + 1 })))(
      'nothing is left when $ending',
      async ({ ending, nth }, { stage }) => {
        const options = { before: limited(nth) };
        await play(stage, { command: (den) => adversary('crowd', den, 1_000), ending, options });
      },
    );

    test('nothing is left when the wrapper crashes', async ({ stage }) => {
      const den = new Den(stage);
      const wrapper = stage.run(adversary('crowd', den, 1_000), { before: limited(0), flags });
      await wrapper.line(/^ready$/);
      wrapper.process.kill('SIGKILL');
      await until(() => den.isEmpty());
    });
  });

  test.for(fewEndings)('2,000 sessions: nothing is left when %s', async (ending, { stage }) => {
    const command = (den: Den) => adversary('crowd', den, 2_000);
    await play(stage, { command, name: '2,000 sessions', ending });
  });

  test.concurrent.for(everyEnding)(
    'a command that is a wrapper itself: nothing is left when %s',
    async (ending, { stage, expect }) => {
      await play(stage, {
        command: (den) =>
          stage.commandLine(adversary('title', den), { lock: 'inner', flags: ['--quiet'] }),
        ending,
      });
      expect(stage.lockFile.exists).toBe(true);
    },
  );
});
