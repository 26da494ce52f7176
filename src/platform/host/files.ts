import type { FileFacts, Files, OpenFile, Opening } from '../ports.ts';
import { flags, kindOfMode } from './constants.ts';

const ownersFile = 0o600;
const ownersFolder = 0o700;
const everybodysFile = 0o666;
const everybodysProgram = 0o755;
const pieceBytes = 65_536;

export const open: Files['open'] = async (path, how = {}) =>
  new HostFile(await native.thread('open', path, flagsOf(how), ownersFile));

function flagsOf({ write, noFollow, noWait }: Opening): number {
  const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = flags;
  const ways = { append: O_RDWR | O_CREAT | O_APPEND, new: O_WRONLY | O_CREAT | O_EXCL };
  return (write ? ways[write] : O_RDONLY) | (noFollow ? O_NOFOLLOW : 0) | (noWait ? O_NONBLOCK : 0);
}

class HostFile implements OpenFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async facts(): Promise<FileFacts> {
    return factsOf(await native.thread('fstat', this.#fd));
  }

  async start(most: number): Promise<Buffer> {
    return Buffer.from((await native.thread('read', this.#fd, most, 0)).buffer);
  }

  async text(): Promise<string> {
    return (await this.rest()).toString('utf8');
  }

  async rest(): Promise<Buffer> {
    return Buffer.from((await native.thread('rest', this.#fd)).buffer);
  }

  write(text: string): Promise<void> {
    return this.writeAll(native.utf8(text));
  }

  async writeAll(bytes: Uint8Array): Promise<void> {
    for (let left = bytes; left.length > 0;)
      left = left.subarray(await native.thread('write', this.#fd, left));
  }

  sync(): Promise<void> {
    return native.thread('sync', this.#fd);
  }

  datasync(): Promise<void> {
    return native.thread('datasync', this.#fd);
  }

  close(): Promise<void> {
    return native.thread('close', this.#fd);
  }
}

function factsOf({ uid, mode, size }: NativeStat): FileFacts {
  const kind = kindOfMode(mode);
  return { kind: kind === 'pipe' || kind === 'device' ? 'other' : kind, uid, mode, size };
}

export const stat: Files['stat'] = async (path) => factsOf(await native.thread('stat', path));

export const lstat: Files['lstat'] = async (path) => factsOf(await native.thread('lstat', path));

export const readdir: Files['readdir'] = (path) => native.thread('readdir', path);

export const realpath: Files['realpath'] = (path) => native.thread('realpath', path);

export const mkdir: Files['mkdir'] = (path) => native.thread('mkdir', path, ownersFolder);

export const rename: Files['rename'] = (from, to) => native.thread('rename', from, to);

export const unlink: Files['unlink'] = (path) => native.thread('unlink', path);

export const remove: Files['remove'] = async (path) => {
  try {
    if ((await lstat(path)).kind === 'folder') {
      for (const name of await readdir(path)) await remove(`${path}/${name}`);
      await native.thread('rmdir', path);
    } else {
      await unlink(path);
    }
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
};

export const writeText: Files['writeText'] = (path, text) =>
  made(path, everybodysFile, native.utf8(text));

export const copyProgram: Files['copyProgram'] = async (from, to) => {
  const source = new HostFile(await native.thread('open', from, flags.O_RDONLY, 0));
  try {
    await made(to, everybodysProgram, await source.rest());
  } finally {
    await source.close();
  }
  await native.thread('chmod', to, everybodysProgram);
};

async function made(path: string, mode: number, bytes: Uint8Array): Promise<void> {
  const how = flags.O_WRONLY | flags.O_CREAT | flags.O_TRUNC;
  const file = new HostFile(await native.thread('open', path, how, mode));
  try {
    await file.writeAll(bytes);
  } finally {
    await file.close();
  }
}

export const fileSystemType: Files['fileSystemType'] = (path) => native.thread('fileSystem', path);

/** Of inotify(7): what fs.watch of Node asks for. */
const changes = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800;
const headBytes = 16;

export const watchFolder: Files['watchFolder'] = (path, onChange, onError) => {
  const fd = native.sync('inotify', path, changes);
  let isOpen = true;
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    native.watch(fd, 0);
    native.sync('close', fd);
  };
  native.watch(fd, 1, () => {
    try {
      for (const name of namesIn(native.sync('read', fd, pieceBytes, -1))) onChange(name);
    } catch {
      close();
      onError();
    }
  });
  return { close };
};

function* namesIn(events: Uint8Array<ArrayBuffer>): Generator<string, void> {
  const view = new DataView(events.buffer);
  for (let start = 0; start < events.length;) {
    const length = view.getUint32(start + 12, true);
    const end = start + headBytes + length;
    yield native.text(events.subarray(start + headBytes, end)).replace(/\0+$/, '');
    start = end;
  }
}
