/** That a local lock is seen to change: at once by the kernel's word, and without it by looking again. */
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Sighting, Versioned } from '../../src/election/lock.ts';
import { localSightings, type Pauses } from '../../src/locks/local-watch.ts';
import { sampleRecord } from '../support/record.ts';

const never = 2_000_000_000;
const byBellAlone: Pauses = { withBellMs: never, withoutMs: never };
const byLooksAlone: Pauses = { withBellMs: never, withoutMs: 1 };

/** A folder with a head, whose name is all that a look knows. */
async function stage(pauses: Pauses, beginsWith: readonly string[] = ['head-1']) {
  const parent = await mkdtemp(join(tmpdir(), 'k8s-leader-watch-'));
  const giveUp = new AbortController();
  onTestFinished(async () => {
    giveUp.abort();
    await rm(parent, { recursive: true, force: true });
  });
  let folder = join(parent, 'lock');
  const make = async (names: readonly string[]) => {
    await mkdir(folder);
    for (const name of names) await writeFile(join(folder, name), '');
  };
  if (beginsWith.length > 0) await make(beginsWith);
  let looks = 0;
  const look = async () => {
    looks += 1;
    const names = await readdir(folder).catch(() => []);
    const head = names.find((name) => name.startsWith('head-'))?.slice('head-'.length);
    const seen: Versioned | undefined =
      head === undefined ? undefined : { record: sampleRecord, version: head, origin: head };
    return { folder, seen };
  };
  const sightings = localSightings(look, giveUp.signal, pauses);
  return {
    looks: () => looks,
    make,
    end: () => {
      giveUp.abort();
    },
    next: async () => versionOf(await sightings.next()),
    swap: (from: number, to: number) =>
      rename(join(folder, `head-${String(from)}`), join(folder, `head-${String(to)}`)),
    writeState: (name: string) => writeFile(join(folder, `state-${name}`), 'words'),
    remove: () => rm(folder, { recursive: true }),
    moveOn: async (head: number) => {
      const another = join(parent, 'another');
      await mkdir(another);
      await writeFile(join(another, `head-${String(head)}`), '');
      folder = another;
    },
  };
}

function versionOf({ done, value }: IteratorResult<Sighting, undefined>): string {
  return done ? 'end' : value.version;
}

test('a swap is shown by the word of the kernel alone, again and again', async () => {
  const { next, swap } = await stage(byBellAlone);
  expect(await next()).toBe('1');
  for (let number = 1; number < 20; number += 1) {
    const seen = next();
    await swap(number, number + 1);
    expect(await seen).toBe(String(number + 1));
  }
});

test('a swap before anybody waits for the next is shown as well', async () => {
  const { next, swap } = await stage(byBellAlone);
  expect(await next()).toBe('1');
  await swap(1, 2);
  await swap(2, 3);
  expect(await next()).toBe('3');
});

test('states that are written and swept away wake nobody', async () => {
  const { next, swap, writeState, looks } = await stage(byBellAlone);
  await next();
  const before = looks();
  const seen = next();
  for (let count = 0; count < 100; count += 1) await writeState(String(count));
  await swap(1, 2);
  expect(await seen).toBe('2');
  expect(looks() - before).toBeLessThan(10);
});

test('what no bell can hang on is looked at again, and gets one when it is there', async () => {
  const { next, make, swap } = await stage(byLooksAlone, []);
  const seen = next();
  await make(['head-7']);
  expect(await seen).toBe('7');
  const after = next();
  await swap(7, 8);
  expect(await after).toBe('8');
});

test('ends when the lock is gone, or nobody wants to know any more', async () => {
  const gone = await stage(byBellAlone);
  await gone.next();
  const last = gone.next();
  await gone.remove();
  expect(await last).toBe('end');

  const unwanted = await stage(byBellAlone);
  await unwanted.next();
  const none = unwanted.next();
  unwanted.end();
  expect(await none).toBe('end');
});

test('a lock that is found in another folder is followed there', async () => {
  const { next, moveOn, swap } = await stage({ withBellMs: 1, withoutMs: never });
  await next();
  await moveOn(9);
  expect(await next()).toBe('9');
  await swap(9, 10);
  expect(await next()).toBe('10');
});
