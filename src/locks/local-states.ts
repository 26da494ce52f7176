/**
 * Compare-and-swap on the states of one lock, in a folder of its own, without any lock of the system:
 *
 *     lock-77d2c04e61f3ab58         empty; tells this lock from one that is made anew after a hand has removed it
 *     head-17-5f0c8e1b9a3d7c24      empty; its name says which state is the present one
 *     state-17-5f0c8e1b9a3d7c24     that state
 *     state-18-99ab04d21f6c33e0     one that somebody means to put in its place
 *
 * A writer writes its own state, with a number one above its basis and a random id, and then renames the head of its
 * basis into its own. That rename is the whole swap:
 *
 * - The kernel carries it out at once or not at all. Nobody holds anything while he is stopped or when he dies: before
 *   the rename nothing has happened, after it everything has. So no process, whatever becomes of it, keeps another one
 *   from reading or writing.
 * - Of all that rename the same head one succeeds; for the others it is no longer there, which is a conflict. A name is
 *   never used twice, because of the random id. So a process that was stopped for as long as you like and goes on with
 *   its rename finds the head that it means, and then nothing was written since, or none, and then writes nothing.
 * - States are never changed after they have been written, and every state that a head can come to name is there: the
 *   present one, and those with a greater number. Only states with a number up to the present one's, other than it, are
 *   removed; numbers of heads only grow, so no head ever names them again, however late they are removed.
 * - The folder comes into being with its first head in it, by the rename of a folder, which fails where one with
 *   anything in it exists.
 *
 * What must survive a power cut is on the disk before it counts. The rest need not be, since nobody leads after that; a
 * disk that is busy for seconds then costs no renewal.
 */
import { mkdir, open, readdir, remove, rename, unlink } from '../platform/files.ts';
import { dirname, join } from '../platform/paths.ts';
import { randomHex } from '../platform/random.ts';
import { pause } from '../platform/timers.ts';
import { codeOf, lockFileFault, undefinedWhenAbsent } from './local-fault.ts';

/** Which state it is. */
export interface Mark {
  readonly number: bigint;
  readonly id: string;
}

export interface State {
  readonly mark: Mark;
  readonly text: string;
  /** Undefined when somebody took it away. */
  readonly uid: string | undefined;
}

/** What a state is to say, and whether it must survive a power cut. */
interface Words {
  readonly text: string;
  readonly mustLast: boolean;
}

/** Of a state; a record has a few hundred, and up to a hundred keys. */
const mostBytes = 1_048_576;
const looks = 10;
const pauseMs = 10;

/** The present state; undefined when there is no such lock. @throws {LockFault} when somebody took away a part of it */
export async function presentState(
  folder: string,
  signal: AbortSignal,
): Promise<State | undefined> {
  let last: string | undefined;
  for (let vain = 0; vain < looks; vain += 1) {
    const names = await readdir(folder).catch(undefinedWhenAbsent);
    if (names === undefined || names.length === 0) return undefined;
    const mark = headAmong(names);
    const text = mark && (await readState(join(folder, nameOf('state', mark))));
    if (mark && text !== undefined) return { mark, text, uid: uidAmong(names) };
    // As a rule the head has moved on since; that is no wait in vain.
    if (mark && mark.id !== last) vain = 0;
    last = mark?.id;
    if (signal.aborted) break;
    await pause(pauseMs);
  }
  throw lockFileFault('unreachable', `a part of the lock in ${folder} is gone`);
}

/** Puts another in the place of the state `basis`; undefined, and nothing is done, when that is not the present one. */
export async function replaceState(
  folder: string,
  basis: Mark,
  { text, mustLast }: Words,
  signal: AbortSignal,
): Promise<Mark | undefined> {
  const mark = { number: basis.number + 1n, id: newId() };
  const state = join(folder, nameOf('state', mark));
  try {
    await writeState(state, text, mustLast);
    // A caller that gave up must not be surprised by a write.
    signal.throwIfAborted();
    await rename(join(folder, nameOf('head', basis)), join(folder, nameOf('head', mark)));
  } catch (thrown) {
    await unlink(state).catch(() => undefined);
    undefinedWhenAbsent(thrown);
    return undefined;
  }
  if (mustLast) await settle(folder);
  await sweep(folder, mark).catch(() => undefined);
  return mark;
}

/** Makes the lock with its first state; undefined, and nothing is done, when there is one. */
export async function createState(
  folder: string,
  number: bigint,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly mark: Mark; readonly uid: string } | undefined> {
  const mark = { number, id: newId() };
  const uid = newId();
  const made = join(dirname(folder), `new-${mark.id}`);
  try {
    await mkdir(made);
    await writeState(join(made, nameOf('state', mark)), text, true);
    await writeState(join(made, nameOf('head', mark)), '', true);
    await writeState(join(made, `lock-${uid}`), '', true);
    await settle(made);
    signal.throwIfAborted();
    await rename(made, folder);
  } catch (thrown) {
    await remove(made).catch(() => undefined);
    if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(thrown) ?? '')) return undefined;
    throw thrown;
  }
  await settle(dirname(folder));
  return { mark, uid };
}

/** The greatest number that a lock has reached; zero when it is none. */
export async function highestIn(folder: string): Promise<bigint> {
  return headAmong(await readdir(folder).catch(() => []))?.number ?? 0n;
}

/** Of a mark as it is handed out and comes back; undefined when it is none of ours. */
export function markOf(number: string, id: unknown): Mark | undefined {
  return /^\d{1,19}$/.test(number) && typeof id === 'string' && /^[0-9a-f]{16}$/.test(id)
    ? { number: BigInt(number), id }
    : undefined;
}

const newId = () => randomHex(8);
const nameOf = (kind: 'head' | 'state', { number, id }: Mark) => `${kind}-${String(number)}-${id}`;

function marksAmong(names: readonly string[], kind: 'head' | 'state'): Mark[] {
  const form = new RegExp(`^${kind}-(\\d+)-(.+)$`);
  return names.flatMap((name) => {
    const [, number = '', id] = form.exec(name) ?? [];
    return markOf(number, id) ?? [];
  });
}

function uidAmong(names: readonly string[]): string | undefined {
  return names.flatMap((name) => /^lock-([0-9a-f]{16})$/.exec(name)?.[1] ?? [])[0];
}

/** There is one, unless a hand has put others beside it. */
function headAmong(names: readonly string[]): Mark | undefined {
  return marksAmong(names, 'head').reduce<Mark | undefined>(
    (head, mark) => (head && head.number >= mark.number ? head : mark),
    undefined,
  );
}

async function writeState(path: string, text: string, mustLast: boolean): Promise<void> {
  const handle = await open(path, { write: 'new' });
  try {
    await handle.write(text);
    if (mustLast) await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function readState(path: string): Promise<string | undefined> {
  const how = { noFollow: true, noWait: true };
  const handle = await open(path, how).catch(undefinedWhenAbsent);
  if (!handle) return undefined;
  try {
    const found = await handle.facts();
    return found.kind === 'file' && found.size <= mostBytes ? await handle.text() : '';
  } finally {
    await handle.close();
  }
}

/** Brings the names in a folder to the disk, where the file system can. What has been renamed stays so either way. */
async function settle(folder: string): Promise<void> {
  const handle = await open(folder).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Removes the states that were before, and those of writers that did not get to their rename. */
async function sweep(folder: string, { number, id }: Mark): Promise<void> {
  for (const mark of marksAmong(await readdir(folder), 'state'))
    if (mark.number <= number && mark.id !== id) await unlink(join(folder, nameOf('state', mark)));
}
