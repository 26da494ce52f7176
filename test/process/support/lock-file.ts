/** The file of `--backend local` from outside: reads the record, and interferes as other processes would. */
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
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
    if (!this.exists) return undefined;
    return this.#with((database) => {
      const tables = database.prepare(`SELECT * FROM sqlite_schema WHERE name = 'lock'`).all();
      if (tables.length === 0) return undefined;
      const row = database.prepare('SELECT record FROM lock WHERE name = ?').get(lockName);
      return row && (JSON.parse(String(row['record'])) as LeaderRecord);
    });
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
    this.#with((database) => {
      database
        .prepare('UPDATE lock SET record = ? WHERE name = ?')
        .run(JSON.stringify(record), lockName);
    });
  }

  /** Keeps the wrappers from reading and writing until the result is called. */
  block(): () => void {
    const database = new DatabaseSync(this.path, { timeout: 5_000 });
    database.exec('BEGIN IMMEDIATE');
    return () => {
      database.close();
    };
  }

  #with<T>(work: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(this.path, { timeout: 5_000 });
    try {
      return work(database);
    } finally {
      database.close();
    }
  }
}
