import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs';
import type { FilesNow } from '../ports.ts';

export const exists: FilesNow['exists'] = existsSync;

export const isFile: FilesNow['isFile'] = (path) => statSync(path).isFile();

export const demand: FilesNow['demand'] = (path, ...rights) => {
  const { X_OK, W_OK } = constants;
  accessSync(path, (rights.includes('execute') ? X_OK : 0) | (rights.includes('write') ? W_OK : 0));
};

export const readNow: FilesNow['readNow'] = (path) => readFileSync(path);

export const startOf: FilesNow['startOf'] = (path, most) => {
  const start = Buffer.alloc(most);
  const fd = openSync(path, 'r');
  try {
    return start.subarray(0, readSync(fd, start, 0, most, 0));
  } finally {
    closeSync(fd);
  }
};

export const listNow: FilesNow['listNow'] = (path) => readdirSync(path);

export const targetOf: FilesNow['targetOf'] = (link) => readlinkSync(link);
