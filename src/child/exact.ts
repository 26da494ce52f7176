/**
 * What CMD would get from a bare exec, byte for byte, as far as this process can know it: strings of the runtime lose
 * what is not UTF-8, and the runtime has changed some of what we were executed with.
 */
import { readNow } from '../platform/files-now.ts';
import { parentPid, raisesFileLimit } from '../platform/self.ts';

/** What the last words of our own command line are, in bytes. */
export function argumentBytes(command: readonly string[]): Buffer[] {
  const ours = records('/proc/self/cmdline').slice(-command.length);
  const isSame = command.every((word, index) => ours[index]?.toString() === word);
  return isSame ? ours : command.map((word) => Buffer.from(word));
}

/** The environment that we were executed with: of its variables those that `env` still has, and `added`. */
export function environmentBytes(
  env: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>>,
): Buffer[] {
  const kept = records('/proc/self/environ').filter((record) => {
    const text = record.toString();
    const [name = ''] = text.split('=', 1);
    // No variable, or one whose name is not UTF-8: never ours, and a bare exec would hand it on.
    if (!text.includes('=') || name === '' || name.includes('\uFFFD')) return true;
    return env[name] !== undefined && added[name] === undefined;
  });
  return [
    ...kept,
    ...Object.entries(added).map(([name, value]) => Buffer.from(`${name}=${value}`)),
  ];
}

/** The pieces of a file that ends each with a zero byte; none where there is no such file. */
function records(file: string): Buffer[] {
  let bytes: Buffer;
  try {
    bytes = readNow(file);
  } catch {
    return [];
  }
  const pieces: Buffer[] = [];
  for (let start = 0, end; (end = bytes.indexOf(0, start)) >= 0; start = end + 1)
    pieces.push(bytes.subarray(start, end));
  return pieces;
}

/**
 * How many files our caller let us open (`ulimit -Sn`), where that is not what we have. Node raises it to the hard
 * limit when it starts, so it is read from our parent, if that has the same hard limit. Undefined where it cannot be
 * known.
 */
export function softFileLimit(): number | undefined {
  if (!raisesFileLimit()) return undefined;
  const ours = fileLimits('self');
  const parents = fileLimits(String(parentPid()));
  return ours !== undefined && ours.hard === parents?.hard ? parents.soft : undefined;
}

function fileLimits(pid: string): { soft: number; hard: string } | undefined {
  try {
    const limits = readNow(`/proc/${pid}/limits`).toString('latin1');
    const [, soft = '', hard = ''] = /^Max open files +(\d+) +(\S+)/m.exec(limits) ?? [];
    return soft === '' ? undefined : { soft: Number(soft), hard };
  } catch {
    return undefined;
  }
}
