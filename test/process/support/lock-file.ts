/** The file of `--backend local` from outside: reads the record, and interferes as other processes would. */
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { LeaderRecord } from '../../../src/election/lock.ts';

/** The lock that this is about; a file can hold any number. */
export const lockName = 'job';

export class LockFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** What the file says about the lock. */
  get record(): LeaderRecord | undefined {
    for (;;) {
      const [state] = this.#heads(/^(head|away)-(?=\d)/);
      if (state === undefined) return undefined;
      try {
        return JSON.parse(
          readFileSync(join(this.#folder!, `state-${state}`), 'utf8'),
        ) as LeaderRecord;
      } catch (thrown) {
        // Replaced in between.
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
      }
    }
  }

  get holder(): string {
    return this.record?.holder ?? '';
  }

  /** Writes over the record in the name of somebody who takes no part in the election. */
  usurp(holder: string): void {
    const nowUs = Date.now() * 1_000;
    const record: LeaderRecord = {
      holder,
      leaseDurationMs: 60_000,
      acquireTimeUs: nowUs,
      renewTimeUs: nowUs,
      transitions: 7,
    };
    for (;;) {
      const [head = ''] = this.#heads(/^head-/);
      const [number = '0'] = head.split('-');
      const next = `${BigInt(number) + 1n}-${randomBytes(8).toString('hex')}`;
      const folder = this.#folder!;
      writeFileSync(join(folder, `state-${next}`), JSON.stringify(record));
      try {
        renameSync(join(folder, `head-${head}`), join(folder, `head-${next}`));
        return;
      } catch (thrown) {
        // The leader has renewed in between.
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
      }
    }
  }

  /** Keeps the wrappers from reading and writing until the result is called: a part of the lock is gone. */
  block(): () => void {
    if (!this.exists) this.#make();
    const folder = this.#folder!;
    mkdirSync(folder, { recursive: true });
    const here = join(folder, 'away');
    writeFileSync(here, '');
    for (;;) {
      const [head] = this.#heads(/^head-/);
      if (head === undefined) {
        return () => {
          rmSync(here);
          if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
        };
      }
      try {
        renameSync(join(folder, `head-${head}`), join(folder, `away-${head}`));
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
        continue;
      }
      return () => {
        renameSync(join(folder, `away-${head}`), join(folder, `head-${head}`));
        rmSync(here);
      };
    }
  }

  /** As a candidate does that is the first one. */
  #make(): void {
    const store = `${Date.now() * 1_000}-${randomBytes(8).toString('hex')}`;
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    mkdirSync(join(`${this.path}.d`, store), { recursive: true, mode: 0o700 });
    writeFileSync(this.path, `k8s-leader-locks-1 ${store}\n`, { mode: 0o600 });
  }

  get #folder(): string | undefined {
    if (!this.exists) return undefined;
    const [, store] = /^k8s-leader-locks-1 (.*)\n/.exec(readFileSync(this.path, 'utf8')) ?? [];
    return store === undefined ? undefined : join(`${this.path}.d`, store, `default+${lockName}`);
  }

  /** What follows the prefix in the names of the lock. */
  #heads(prefix: RegExp): string[] {
    const folder = this.#folder;
    if (folder === undefined || !existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => prefix.test(name))
      .map((name) => name.replace(prefix, ''));
  }
}
