import { constants, watch, type Stats } from 'node:fs';
import {
  chmod,
  copyFile,
  lstat as lstatOf,
  mkdir as makeOne,
  open as openOne,
  rm,
  stat as statOf,
  statfs,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import type { FileFacts, Files, OpenFile, Opening } from '../ports.ts';

export { readdir, realpath, rename, unlink } from 'node:fs/promises';

const ownersFile = 0o600;
const ownersFolder = 0o700;
const everybodysProgram = 0o755;

export const open: Files['open'] = async (path, how = {}) =>
  new NodeFile(await openOne(path, flagsOf(how), ownersFile));

function flagsOf({ write, noFollow, noWait }: Opening): number {
  const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW, O_NONBLOCK } =
    constants;
  const ways = { append: O_RDWR | O_CREAT | O_APPEND, new: O_WRONLY | O_CREAT | O_EXCL };
  return (write ? ways[write] : O_RDONLY) | (noFollow ? O_NOFOLLOW : 0) | (noWait ? O_NONBLOCK : 0);
}

class NodeFile implements OpenFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async facts(): Promise<FileFacts> {
    return factsOf(await this.#handle.stat());
  }

  async start(most: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  }

  text(): Promise<string> {
    return this.#handle.readFile('utf8');
  }

  write(text: string): Promise<void> {
    return this.#handle.writeFile(text);
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  datasync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function factsOf(found: Stats): FileFacts {
  const { uid, mode, size } = found;
  return { kind: kindOf(found), uid, mode, size };
}

function kindOf(found: Stats): FileFacts['kind'] {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  return found.isSymbolicLink() ? 'link' : 'other';
}

export const stat: Files['stat'] = async (path) => factsOf(await statOf(path));

export const lstat: Files['lstat'] = async (path) => factsOf(await lstatOf(path));

export const mkdir: Files['mkdir'] = async (path) => {
  await makeOne(path, { mode: ownersFolder });
};

export const remove: Files['remove'] = (path) => rm(path, { recursive: true, force: true });

export const writeText: Files['writeText'] = (path, text) => writeFile(path, text);

export const copyProgram: Files['copyProgram'] = async (from, to) => {
  await copyFile(from, to);
  await chmod(to, everybodysProgram);
};

export const fileSystemType: Files['fileSystemType'] = async (path) => (await statfs(path)).type;

export const watchFolder: Files['watchFolder'] = (path, onChange, onError) => {
  const watcher = watch(path, { persistent: false });
  watcher.on('change', (_, name) => {
    onChange(String(name));
  });
  return watcher.on('error', onError);
};
