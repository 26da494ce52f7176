/** For those who only look: a local lock is not made by being looked at, as it is for a candidate. */
import { existsSync } from 'node:fs';
import type { Lock } from '../election/lock.ts';
import type { LockChoice } from './index.ts';

/** The same lock, for reading alone; one whose file does not exist is absent. */
export async function onlyExisting(
  lock: Lock,
  { backend, localFile, env }: Pick<LockChoice, 'backend' | 'localFile' | 'env'>,
): Promise<Lock> {
  if (backend !== 'local') return lock;
  const { defaultLocalFile } = await import('./local.ts');
  const file = localFile ?? defaultLocalFile(env);
  return { ...lock, read: async (how) => (existsSync(file) ? lock.read(how) : undefined) };
}
