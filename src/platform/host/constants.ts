/** Of open(2), which differ by machine; of stat(2) and access(2), as on every Linux that the host is made for. */

export const { openFlags: flags } = native;

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
