import { closeSync, constants, fstatSync, openSync, read, write, writeSync } from 'node:fs';
import { isatty, WriteStream } from 'node:tty';
import type { Descriptors } from '../ports.ts';

export const isTerminal: Descriptors['isTerminal'] = isatty;

/** By a description of its own: a stream of Node changes the one that it gets. */
export const columnsOf: Descriptors['columnsOf'] = (fd) => {
  try {
    const terminal = new WriteStream(reopened(fd));
    const [columns] = terminal.getWindowSize();
    terminal.destroy();
    return columns > 0 ? columns : undefined;
  } catch {
    return undefined;
  }
};

export const hasControllingTerminal: Descriptors['hasControllingTerminal'] = () => {
  try {
    closeSync(openSync('/dev/tty', constants.O_RDWR | constants.O_NOCTTY));
    return true;
  } catch {
    return false;
  }
};

export const kindOf: Descriptors['kindOf'] = (fd) => {
  try {
    const stat = fstatSync(fd);
    if (stat.isFile()) return 'file';
    return stat.isFIFO() || stat.isCharacterDevice() ? 'stream' : 'other';
  } catch {
    return 'other';
  }
};

export const reopened: Descriptors['reopened'] = (fd) => {
  const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;
  return openSync(`/proc/self/fd/${String(fd)}`, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
};

export const writeNow: Descriptors['writeNow'] = (fd, text) => {
  writeSync(fd, text);
};

export const writeSome: Descriptors['writeSome'] = (fd, bytes) =>
  new Promise((resolve, reject) => {
    write(fd, bytes, (error, written) => {
      if (error) reject(error);
      else resolve(written);
    });
  });

export const readSome: Descriptors['readSome'] = (fd, most) =>
  new Promise((resolve, reject) => {
    read(fd, Buffer.alloc(most), 0, most, null, (error, count, buffer) => {
      if (error) reject(error);
      else resolve(buffer.subarray(0, count));
    });
  });
