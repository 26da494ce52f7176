/**
 * A leader that stands still, or cannot renew and cannot say so, with a standby behind it: the keepers keep their
 * commands apart, and the leader writes nothing when it goes on. `ROUNDS=50` repeats each case.
 */
import { programWith } from '../support/program-under-test.ts';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe } from 'vitest';
import { fullPipe } from './support/full-pipe.ts';
import { stateOf, until } from './support/proc.ts';
import {
  fixture,
  need,
  quick,
  slow,
  test,
  type RunOptions,
  type Stage,
  type Wrapper,
} from './support/stage.ts';

const rounds = Array.from({ length: Number(process.env['ROUNDS'] ?? 2) }, (_, index) => index + 1);

beforeAll(() => {
  need('flock', 'mkfifo');
});

/** A wrapper whose CMD tells whether another one was still alive when it started. */
function contender(stage: Stage, options: RunOptions = {}): Wrapper {
  const cmd = [fixture('exclusive.sh'), join(stage.folder, 'alive')];
  return stage.run(cmd, { flags: slow, ...options });
}

interface Trouble {
  readonly leader: Wrapper;
  begin(): void;
  /** Called as soon as the leader's command is dead. */
  afterKill?(): void;
  /** Called when the standby leads. */
  end?(): void;
}

const troubles: Record<string, (stage: Stage) => Trouble> = {
  'is stopped'(stage) {
    const leader = contender(stage);
    return {
      leader,
      begin() {
        leader.signal('SIGSTOP');
      },
      end() {
        leader.signal('SIGCONT');
      },
    };
  },
  'has its event loop blocked'(stage) {
    const file = join(stage.folder, 'block');
    return {
      leader: contender(stage, { by: programWith(fixture('block-loop.js')) }),
      begin() {
        writeFileSync(file, '');
      },
      end() {
        rmSync(file);
      },
    };
  },
  'cannot renew, and its stderr is a full pipe'(stage) {
    const leader = contender(stage, { stdio: ['pipe', 'pipe', fullPipe(stage).fd] });
    return withoutLock(stage, leader);
  },
  'cannot renew, and its stderr is closed'(stage) {
    const leader = contender(stage, { before: ['sh', '-c', 'exec "$@" 2>&-', 'sh'] });
    return withoutLock(stage, leader);
  },
};

function withoutLock(stage: Stage, leader: Wrapper): Trouble {
  let unblock: () => void;
  return {
    leader,
    begin() {
      unblock = stage.lockFile.block();
    },
    afterKill() {
      unblock();
    },
  };
}

describe.concurrent.each(Object.entries(troubles))('a leader that %s', (_, meet) => {
  test.for(rounds)(
    'loses its command before the next one starts, and writes no more (round %i)',
    async (_round, { stage, expect }) => {
      const trouble = meet(stage);
      const { leader } = trouble;
      await leader.line(/^alone$/);
      const standby = contender(stage);
      await standby.line(/standing by/);

      trouble.begin();
      await until(() => leader.offspring().length === 0);
      trouble.afterKill?.();
      expect(await standby.line(/^(alone|overlap)$/)).toBe('alone');

      const { holder, acquireTimeUs, transitions } = stage.lockFile.record!;
      trouble.end?.();
      expect(await leader.exit).toEqual({ status: 79, signal: null });
      expect(stage.lockFile.record).toMatchObject({ holder, acquireTimeUs, transitions });
      expect(standby.stderr).not.toMatch(/restored|lost/);
      expect(standby.offspring()).not.toEqual([]);
    },
  );
});

test('a leader that was stopped before it started CMD never does', async ({ stage, expect }) => {
  const by = programWith(fixture('stop-at-spawn.js'));
  const leader = stage.run(['echo', 'CMD was started'], { by, flags: quick });
  await until(() => stateOf(leader.pid) === 'T');
  const standby = contender(stage, { flags: quick });
  await standby.line(/^alone$/);
  leader.signal('SIGCONT');
  await leader.line(/standing by/);
  expect(leader.stdout).toBe('');
});

test('a leader with a full stderr goes on leading', async ({ stage, expect }) => {
  const leader = contender(stage, { stdio: ['pipe', 'pipe', fullPipe(stage).fd], flags: quick });
  await leader.line(/^alone$/);
  const { renewTimeUs } = stage.lockFile.record!;
  await until(() => stage.lockFile.record!.renewTimeUs! > renewTimeUs! + 2_500_000);
  leader.signal('SIGTERM');
  leader.offspring().forEach((pid) => process.kill(pid, 'SIGKILL'));
  expect(await leader.exit).toEqual({ status: 137, signal: null });
});
