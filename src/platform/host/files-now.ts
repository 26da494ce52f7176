import type { FilesNow } from '../ports.ts';
import { flags, kindOfMode, rights as bits } from './constants.ts';

const pieceBytes = 65_536;

export const exists: FilesNow['exists'] = (path) => {
  try {
    native.sync('access', path, 0);
    return true;
  } catch {
    return false;
  }
};

export const isFile: FilesNow['isFile'] = (path) =>
  kindOfMode(native.sync('stat', path).mode) === 'file';

export const demand: FilesNow['demand'] = (path, ...rights) => {
  const mask =
    (rights.includes('execute') ? bits.X_OK : 0) | (rights.includes('write') ? bits.W_OK : 0);
  native.sync('access', path, mask);
};

export const readNow: FilesNow['readNow'] = (path) =>
  opened(path, (fd) => {
    const pieces: Uint8Array[] = [];
    for (;;) {
      const piece = native.sync('read', fd, pieceBytes, -1);
      if (piece.length === 0) return Buffer.concat(pieces);
      pieces.push(piece);
    }
  });

export const startOf: FilesNow['startOf'] = (path, most) =>
  opened(path, (fd) => Buffer.from(native.sync('read', fd, most, 0).buffer));

function opened<T>(path: string, use: (fd: number) => T): T {
  const fd = native.sync('open', path, flags.O_RDONLY, 0);
  try {
    return use(fd);
  } finally {
    native.sync('close', fd);
  }
}

export const listNow: FilesNow['listNow'] = (path) => native.sync('readdir', path);

export const targetOf: FilesNow['targetOf'] = (link) => native.sync('readlink', link);
