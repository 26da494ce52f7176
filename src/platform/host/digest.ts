import type { Digest } from '../ports.ts';

export const sha256: Digest['sha256'] = (text) =>
  Buffer.from(native.sha256(Buffer.from(text)).buffer).toString('hex');
