/** What the file says of a term, moment by moment; a clock that the test moves. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base, vi } from 'vitest';
import type { Lock } from '../../src/election/lock.ts';
import type { Term } from '../../src/election/term.ts';
import { TimeLeft } from '../../src/extras/time-left.ts';
import { recordOf, Scene } from '../election/scene.ts';

interface Stage {
  readonly scene: Scene;
  readonly file: string;
  readonly warnings: string[];
  timeLeft(): TimeLeft;
  /** What a reader computes. */
  left(): number;
  token(): string;
}

const test = base.extend<{ stage: Stage }>({
  // eslint-disable-next-line no-empty-pattern
  stage: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-left-'));
    const file = join(folder, 'left');
    const scene = new Scene();
    const warnings: string[] = [];
    const said = () => readFileSync(file, 'utf8').trimEnd().split(' ');
    await use({
      scene,
      file,
      warnings,
      timeLeft: () =>
        new TimeLeft({ file, clock: scene.clock, warn: (message) => warnings.push(message) }),
      left: () => Number(said()[0]) - scene.clock.bootTime(),
      token: () => said()[1] ?? '',
    });
    rmSync(folder, { recursive: true, force: true });
  },
});

/** The answer is the term's own, less the step of the reader's clock. */
function asTheTermSays(term: Term): number {
  return Math.floor(term.remainingMs()) - 10;
}

test('before a term nothing is certain', async ({ stage }) => {
  writeFileSync(stage.file, '99999999999 7\n');
  await stage.timeLeft().begin();
  expect(stage.left()).toBeLessThan(0);
});

test('at the start CMD finds what the term says, under its token', async ({ stage }) => {
  const term = await stage.scene.replica('a').lead();
  await stage.timeLeft().follow(term);
  expect(stage.left()).toBe(asTheTermSays(term));
  expect(stage.left()).toBeGreaterThan(10_000);
  expect(stage.token()).toBe(term.fencingToken);
});

test('each renewal makes it longer; in between it shrinks', async ({ stage }) => {
  const { clock } = stage.scene;
  const term = await stage.scene.replica('a').lead();
  await stage.timeLeft().follow(term);
  const before = stage.left();
  await clock.advance(1_000);
  expect(stage.left()).toBe(before - 1_000);
  await clock.advance(1_500);
  await vi.waitFor(() => {
    expect(stage.left()).toBe(asTheTermSays(term));
  });
  expect(stage.left()).toBeGreaterThan(before - 1_000);
});

test('a loss by our own clock leaves the time until others may lead', async ({ stage }) => {
  const replica = stage.scene.replica('a');
  const term = await replica.lead();
  const timeLeft = stage.timeLeft();
  await timeLeft.follow(term);
  replica.wire.cut();
  await stage.scene.clock.advance(11_000);
  expect(term.loss?.kind).toBe('expired');
  expect(stage.left()).toBe(asTheTermSays(term));
});

test('another holder ends it at once', async ({ stage }) => {
  const term = await stage.scene.replica('a').lead();
  await stage.timeLeft().follow(term);
  stage.scene.server.edit(recordOf('b'));
  await stage.scene.clock.advance(3_000);
  expect(term.loss?.kind).toBe('usurped');
  await vi.waitFor(() => {
    expect(stage.left()).toBeLessThan(0);
  });
});

test('nothing is certain while a machine that slept renews', async ({ stage }) => {
  const replica = stage.scene.replica('a');
  const term = await replica.lead();
  await stage.timeLeft().follow(term);
  replica.wire.cut();
  stage.scene.clock.suspend(20_000);
  await stage.scene.clock.advance(1_500);
  expect(term.isTrusted()).toBe(false);
  await vi.waitFor(() => {
    expect(readFileSync(stage.file, 'utf8')).toMatch(/^0 /);
  });
});

test('the lock is handed back only when the file says so', async ({ stage }) => {
  const written: string[] = [];
  const lock = {
    write: (record: { holder: string }) => {
      written.push(`${record.holder || 'released'}: ${readFileSync(stage.file, 'utf8')[0] ?? ''}`);
      return Promise.resolve({ kind: 'conflict' });
    },
  } as unknown as Lock;
  const term = await stage.scene.replica('a').lead();
  const timeLeft = stage.timeLeft();
  await timeLeft.follow(term);
  const wrapped = timeLeft.revokedBy(lock);
  const how = { signal: new AbortController().signal };
  const first = readFileSync(stage.file, 'utf8')[0] ?? '';
  expect(first).not.toBe('0');
  await wrapped.write(recordOf('a'), undefined, how);
  await wrapped.write(recordOf(''), undefined, how);
  expect(written).toEqual([`a: ${first}`, 'released: 0']);
});

test('at the end there is no file, nor a draft', async ({ stage }) => {
  const timeLeft = stage.timeLeft();
  await timeLeft.begin();
  await timeLeft.end();
  expect(readdirSync(join(stage.file, '..'))).toEqual([]);
});

test('a file that cannot be written is an error at the start', async ({ stage }) => {
  const timeLeft = new TimeLeft({
    file: join(stage.file, 'nowhere', 'left'),
    clock: stage.scene.clock,
    warn: (message) => stage.warnings.push(message),
  });
  await expect(timeLeft.begin()).rejects.toMatchObject({
    exitCode: 69,
    message: expect.stringContaining('--time-left: cannot write') as string,
  });
  expect(stage.warnings).toEqual([]);
});

test('one that becomes so is a warning, once', async ({ stage }) => {
  const term = await stage.scene.replica('a').lead();
  const timeLeft = stage.timeLeft();
  await timeLeft.begin();
  rmSync(join(stage.file, '..'), { recursive: true });
  await timeLeft.follow(term);
  await timeLeft.revoke();
  expect(stage.warnings).toEqual([expect.stringContaining('cannot write the time left: ')]);
});
