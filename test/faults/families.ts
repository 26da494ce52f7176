/** What commands have written about their lives (family.pl), read without asking them or their wrappers. */
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The command of one term, with every process that it started. Times are of CLOCK_MONOTONIC. */
export interface Family {
  /** The fencing token: the version of the Lease that won the term. */
  readonly token: bigint;
  /** Of the candidate that runs it. */
  readonly mark: string;
  readonly firstMs: number;
  /** The last sign of the last process. */
  readonly lastMs: number;
  readonly pids: ReadonlySet<number>;
  /** The longest that one of its processes has been silent between two signs: how sure `lastMs` is. */
  readonly silentMs: number;
}

/** All families so far, in the order of their births. */
export async function readFamilies(folder: string): Promise<Family[]> {
  const tokens = await readdir(folder);
  const families = await Promise.all(tokens.map((token) => readFamily(folder, token)));
  return families.filter((family) => family !== undefined).sort((a, b) => a.firstMs - b.firstMs);
}

async function readFamily(folder: string, token: string): Promise<Family | undefined> {
  const text = await readFile(join(folder, token), 'utf8');
  // The last piece is empty, or a line that is being written.
  const signs = text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '));
  const birth = signs.find(([, , what]) => what === 'born');
  if (!birth) return undefined;
  const lastOf = new Map<string, number>();
  let silentMs = 0;
  for (const [time, pid = ''] of signs) {
    const last = lastOf.get(pid);
    if (last !== undefined) silentMs = Math.max(silentMs, Number(time) - last);
    lastOf.set(pid, Number(time));
  }
  return {
    token: BigInt(token),
    mark: birth[3] ?? '',
    firstMs: Number(birth[0]),
    lastMs: Math.max(...lastOf.values()),
    pids: new Set([...lastOf.keys()].map(Number)),
    silentMs,
  };
}

export interface Leading extends Pick<Family, 'token' | 'mark'> {
  /** The main process. */
  readonly pid: number;
  readonly lastMs: number;
}

/** The youngest family and its last sign, at little cost; undefined when there has been none. */
export async function youngest(folder: string): Promise<Leading | undefined> {
  const tokens = (await readdir(folder)).map(BigInt);
  if (tokens.length === 0) return undefined;
  const token = tokens.reduce((a, b) => (a > b ? a : b));
  await using file = await open(join(folder, String(token)));
  const { size } = await file.stat();
  const pieceAt = async (position: number): Promise<string> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(256), { position });
    return buffer.toString('latin1', 0, bytesRead);
  };
  const birth = (await pieceAt(0)).split('\n', 1)[0]!.split(' ');
  if (birth[2] !== 'born') return undefined;
  const last = (await pieceAt(Math.max(0, size - 256))).split('\n').at(-2);
  return {
    token,
    mark: birth[3] ?? '',
    pid: Number(birth[1]),
    lastMs: Number.parseFloat(last ?? birth[0]!),
  };
}
