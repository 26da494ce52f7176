/** The guard's program by itself, in every shell that may be /bin/sh. */
import { randomUUID } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe } from 'vitest';
import { guardScript } from '../../src/child/guard-script.ts';
import { childrenOf, isAlive, until } from './support/proc.ts';
import type { Program } from './support/program.ts';
import { need, quoted, test, type Stage } from './support/stage.ts';

const shells: Record<string, string[]> = {
  dash: ['dash'],
  'bash --posix': ['bash', '--posix'],
  'busybox sh': ['busybox', 'sh'],
};

beforeAll(() => {
  need('dash', 'bash', 'busybox');
});

/** A guard, and whom it meets. */
interface Scene {
  readonly guard: Program;
  /** Carries the cookie, and has nothing else to do with the target. */
  readonly carrier: Program;
  /** What the guard is aimed at. Carries nothing. */
  readonly target: Program;
  readonly bystander: Program;
  tell(...lines: readonly string[]): void;
}

function open(stage: Stage, shell: readonly string[], env: Record<string, string> = {}): Scene {
  const cookie = randomUUID();
  const script = 'exec 3<&0; eval "$guard"';
  const guard = stage.start([...shell, '-c', script, 'k8s-leader-guard', cookie], {
    env: { ...env, guard: guardScript },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const sleep = ['sleep', '1000'];
  const scene = {
    guard,
    carrier: stage.start(sleep, { env: { LEADER_TERM: cookie } }),
    target: stage.start(sleep),
    bystander: stage.start(sleep),
    tell(...lines: readonly string[]) {
      guard.stdin.write(lines.map((line) => `${line}\n`).join(''));
    },
  };
  scene.tell(`target -${String(scene.target.pid)}`);
  return scene;
}

/** Centiseconds of /proc/uptime, whose 71238.68 times 100 is a hair less than 7123868. */
const now = () => Math.round(uptime() * 100);

/** Resolves with the time at which both have died. */
async function struck({ carrier, target }: Scene): Promise<number> {
  await Promise.all([carrier.exit, target.exit]);
  return now();
}

/** Kills the second of its parts, which has an alarm by then. */
async function loseWatch({ guard, tell }: Scene): Promise<void> {
  tell(`until ${String(now() + 6_000)}`);
  const watch = () => childrenOf(guard.pid)[1] ?? 0;
  await until(() => childrenOf(watch()).some((alarm) => childrenOf(alarm).length > 0));
  process.kill(watch(), 'SIGKILL');
}

describe.each(Object.entries(shells))('under %s', (_, shell) => {
  test.concurrent('strikes when we are gone, and goes', async ({ stage, expect }) => {
    const scene = open(stage, shell);
    scene.guard.stdin.end();
    await struck(scene);
    await scene.guard.exit;
    expect(isAlive(scene.bystander.pid)).toBe(true);
  });

  test.concurrent('strikes at the deadline, not before, and stays', async ({ stage, expect }) => {
    const scene = open(stage, shell);
    const deadline = now() + 40;
    scene.tell(`until ${String(deadline)}`);
    expect(await struck(scene)).toBeGreaterThanOrEqual(deadline);
    expect(now()).toBeLessThan(deadline + 50);
    expect([scene.bystander, scene.guard].every(({ pid }) => isAlive(pid))).toBe(true);
  });

  test.concurrent('strikes at the latest deadline it was told', async ({ stage, expect }) => {
    const scene = open(stage, shell);
    const deadline = now() + 70;
    scene.tell(`until ${String(deadline - 50)}`, `until ${String(deadline - 30)}`);
    scene.tell(`until ${String(deadline)}`);
    expect(await struck(scene)).toBeGreaterThanOrEqual(deadline);
  });

  test.concurrent('strikes at once when the deadline is over', async ({ stage, expect }) => {
    const scene = open(stage, shell);
    scene.tell(`until ${String(now() - 1_000)}`);
    await struck(scene);
    expect(isAlive(scene.bystander.pid)).toBe(true);
  });

  test.concurrent('goes without a stroke when it is stood down', async ({ stage, expect }) => {
    const scene = open(stage, shell);
    scene.tell(`until ${String(now() + 1_000)}`, 'done');
    await scene.guard.exit;
    expect([scene.carrier, scene.target].every(({ pid }) => isAlive(pid))).toBe(true);
  });

  test.concurrent('that has lost its watch strikes when we go', async ({ stage }) => {
    const scene = open(stage, shell);
    await loseWatch(scene);
    scene.guard.stdin.end();
    await scene.carrier.exit;
    await scene.guard.exit;
  });

  test.concurrent(
    'that has lost its watch goes when it is stood down',
    async ({ stage, expect }) => {
      const scene = open(stage, shell);
      await loseWatch(scene);
      scene.tell('done');
      await scene.guard.exit;
      expect(isAlive(scene.carrier.pid)).toBe(true);
    },
  );

  test.concurrent('reads a clock that has just started', async ({ stage }) => {
    need('unshare', 'mount');
    const clock = join(stage.folder, 'uptime');
    writeFileSync(clock, '0.09 0.09\n');
    const mount = `mount --bind ${quoted([clock])} /proc/uptime && exec "$@"`;
    const scene = open(stage, ['unshare', '--mount', 'sh', '-c', mount, 'sh', ...shell]);
    scene.tell('until 5');
    await struck(scene);
  });
});

describe('without', () => {
  test.concurrent.for([
    ['sleep', 'grep'],
    ['grep', 'sleep'],
  ])('%s it says that it is unfit', async ([, present = ''], { stage, expect }) => {
    symlinkSync(`/bin/${present}`, join(stage.folder, present));
    const { guard } = open(stage, ['/bin/dash'], { PATH: stage.folder });
    expect(await guard.exit).toEqual({ status: 4, signal: null });
  });
});
