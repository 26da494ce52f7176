/** Anything at the place of the lock file: a record, an empty lock, or a fault of one line; never a hang. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localLock } from '../../src/locks/local.ts';
import { json, objectLike, text } from './arbitraries.ts';
import { expectLockFault, expectRecord, outcomeOf } from './expectations.ts';
import { patience, runs } from './runs.ts';
import { sampleRecord as record } from '../support/record.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'k8s-leader-hostile-'));
  file = join(folder, 'locks.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const within = () => ({ signal: AbortSignal.timeout(20_000) });

/** Reads, and writes on what was read; each is understood or refused in words that can be shown. */
async function expectUsableOrRefused(path: string): Promise<boolean> {
  const lock = localLock({ file: path, namespace: 'default', name: 'demo' });
  const read = await outcomeOf(lock.read(within()));
  if ('thrown' in read) expectLockFault(read.thrown);
  else if (read.value) expectRecord(read.value.record);
  const written = await outcomeOf(lock.write(record, read.value, within()));
  if ('thrown' in written) expectLockFault(written.thrown);
  else if (written.value.kind === 'written') expectRecord(written.value.current.record);
  return !('thrown' in written);
}

describe('whatever the file holds, it is understood or refused with one line:', () => {
  test('any bytes', { timeout: patience(30_000) }, async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 5_000 }),
      fc.uint8Array({ maxLength: 84 }).map((rest) => {
        return Buffer.concat([Buffer.from('k8s-leader-locks-1 '), rest]);
      }),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        writeFileSync(file, content);
        await expectUsableOrRefused(file);
      }),
      runs(100),
    );
  });

  test('a lock file of ours with some bytes changed', { timeout: patience(60_000) }, async () => {
    const lock = localLock({ file, namespace: 'default', name: 'demo' });
    await lock.write(record, undefined, within());
    const whole = readFileSync(file);
    let usable = 0;
    const change = fc.tuple(
      fc.nat(whole.length + 20),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
    );
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    const length = fc.oneof({ weight: 3, arbitrary: fc.constant(whole.length) }, fc.nat(40_000));
    await fc.assert(
      fc.asyncProperty(changes, length, async (made, size) => {
        const content = Buffer.alloc(size);
        whole.copy(content);
        for (const [at, bytes] of made)
          content.set(bytes.slice(0, Math.max(0, size - at)), Math.min(at, size));
        writeFileSync(file, content);
        if (await expectUsableOrRefused(file)) usable += 1;
      }),
      runs(150),
    );
    expect(usable).toBeGreaterThan(0);
  });

  test('any state of a lock of ours', { timeout: patience(30_000) }, async () => {
    const fields = objectLike({
      holder: text,
      leaseDurationMs: fc.double(),
      acquireTimeUs: fc.double(),
      renewTimeUs: fc.double(),
      transitions: fc.double(),
    });
    const content = fc.oneof(fields, json).map((value) => JSON.stringify(value));
    await fc.assert(
      fc.asyncProperty(fc.oneof(content, text), async (state) => {
        rmSync(file, { force: true });
        const lock = localLock({ file, namespace: 'default', name: 'demo' });
        await lock.write(record, undefined, within());
        writeFileSync(join(lockFolder(), stateIn(lockFolder())), state);
        expect(await expectUsableOrRefused(file)).toBe(true);
      }),
      runs(50),
    );
  });

  test('anything in place of what is in its folder', { timeout: patience(60_000) }, async () => {
    const things: ((path: string) => void)[] = [
      (path) => execFileSync('mkfifo', [path]),
      (path) => {
        mkdirSync(join(path, 'x'), { recursive: true });
      },
      (path) => {
        symlinkSync('/dev/zero', path);
      },
      (path) => {
        symlinkSync(path, path);
      },
      () => undefined,
    ];
    for (const thing of things) {
      for (const place of [
        () => `${file}.d`,
        lockFolder,
        () => join(lockFolder(), stateIn(lockFolder())),
      ]) {
        rmSync(file, { force: true });
        rmSync(`${file}.d`, { recursive: true, force: true });
        const lock = localLock({ file, namespace: 'default', name: 'demo' });
        await lock.write(record, undefined, within());
        const path = place();
        rmSync(path, { recursive: true });
        thing(path);
        await expectUsableOrRefused(file);
      }
    }
  });

  test('names that nobody would give, beside the state', async () => {
    const lock = localLock({ file, namespace: 'default', name: 'demo' });
    await lock.write(record, undefined, within());
    const names = [
      'a\nb\u009b',
      'head-',
      'head-1-',
      'head-x-0123456789abcdef',
      'state-1-..',
      'head--1-y',
    ];
    for (const name of names) writeFileSync(join(lockFolder(), name), '');
    for (let number = 0; number < 5_000; number += 1)
      writeFileSync(join(lockFolder(), `head-${number}-0123456789abcdef`), '');
    expect(await expectUsableOrRefused(file)).toBe(true);
  });
});

describe('what is no file is refused at once:', () => {
  test('a pipe, a socket, a device, a folder, links to nowhere and to themselves', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    symlinkSync('loop', join(folder, 'loop'));
    symlinkSync('nowhere/at/all', join(folder, 'dangling'));
    for (const path of [
      pipe,
      '/dev/null',
      '/dev/zero',
      '/dev/tty',
      folder,
      join(folder, 'loop'),
      join(folder, 'loop', 'x'),
      join(pipe, 'x'),
      join(folder, 'x'.repeat(300)),
    ])
      expect(await expectUsableOrRefused(path)).toBe(false);
    await expectUsableOrRefused(join(folder, 'dangling'));
  });

  test('a folder in which none can be made, in whatever words the path has to be told', async () => {
    for (const path of ['/proc/a/b/c.db', '/proc/self/task/x\n\u009b/y.db', '/sys/x/y.db'])
      expect(await expectUsableOrRefused(path)).toBe(false);
  });
});

function lockFolder(): string {
  const [, store = ''] = readFileSync(file, 'utf8').trim().split(' ');
  return join(`${file}.d`, store, 'default+demo');
}

function stateIn(folder: string): string {
  return readdirSync(folder).find((name) => name.startsWith('state-'))!;
}
