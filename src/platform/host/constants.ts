/** Of open(2), stat(2) and access(2), as on every Linux that the host is made for. */

const isArm = native.arch === 'aarch64';

export const flags = {
  O_RDONLY: 0,
  O_WRONLY: 0o1,
  O_RDWR: 0o2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_NOFOLLOW: isArm ? 0o100000 : 0o400000,
} as const;

export const rights = { X_OK: 1, W_OK: 2 } as const;

const kinds: Readonly<Record<number, 'file' | 'folder' | 'link' | 'pipe' | 'device'>> = {
  0o010000: 'pipe',
  0o020000: 'device',
  0o040000: 'folder',
  0o100000: 'file',
  0o120000: 'link',
};

/** Of a character device, not a block device. */
export function kindOfMode(mode: number): 'file' | 'folder' | 'link' | 'pipe' | 'device' | 'other' {
  return kinds[mode & 0o170000] ?? 'other';
}
