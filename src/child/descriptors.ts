/**
 * Descriptors above 2 that our caller left open. Node marks the low ones for closing when it starts (libuv's
 * uv_disable_stdio_inheritance gives up at the first gap above 15), so CMD gets the higher ones alone.
 */
import { listNow, readNow } from '../platform/files-now.ts';

/** O_CLOEXEC as fdinfo prints it: octal, the same on every Linux we run on. */
const closeOnExec = 0o2000000;

/** Those that a process we start would inherit; none where `/proc` cannot tell. */
export function inheritedDescriptors(): number[] {
  try {
    return listNow('/proc/self/fd')
      .map(Number)
      .filter((fd) => fd > 2 && !isClosedOnExec(fd));
  } catch {
    return [];
  }
}

function isClosedOnExec(fd: number): boolean {
  try {
    const info = readNow(`/proc/self/fdinfo/${String(fd)}`).toString();
    const flags = /^flags:\s*([0-7]+)/m.exec(info)?.[1];
    return flags === undefined || (parseInt(flags, 8) & closeOnExec) !== 0;
  } catch {
    // It was the one with which the folder was read.
    return true;
  }
}
