import type { Descriptors } from '../ports.ts';
import { flags, kindOfMode } from './constants.ts';

export const isTerminal: Descriptors['isTerminal'] = (fd) => native.isTerminal(fd);

export const columnsOf: Descriptors['columnsOf'] = (fd) => {
  const columns = native.columns(fd);
  return columns > 0 ? columns : undefined;
};

export const hasControllingTerminal: Descriptors['hasControllingTerminal'] = () => {
  try {
    native.sync('close', native.sync('open', '/dev/tty', flags.O_RDWR | flags.O_NOCTTY, 0));
    return true;
  } catch {
    return false;
  }
};

export const kindOf: Descriptors['kindOf'] = (fd) => {
  try {
    const kind = kindOfMode(native.sync('fstat', fd).mode);
    if (kind === 'file') return 'file';
    return kind === 'pipe' || kind === 'device' ? 'stream' : 'other';
  } catch {
    return 'other';
  }
};

export const reopened: Descriptors['reopened'] = (fd) => {
  const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = flags;
  const how = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY;
  return native.sync('open', `/proc/self/fd/${String(fd)}`, how, 0);
};

export const writeNow: Descriptors['writeNow'] = (fd, text) => {
  native.sync('write', fd, native.utf8(text));
};

export const writeSome: Descriptors['writeSome'] = (fd, bytes) => native.thread('write', fd, bytes);

export const readSome: Descriptors['readSome'] = async (fd, most) =>
  Buffer.from((await native.thread('read', fd, most, -1)).buffer);
