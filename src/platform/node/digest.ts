import { createHash } from 'node:crypto';
import type { Digest } from '../ports.ts';

export const sha256: Digest['sha256'] = (text) => createHash('sha256').update(text).digest('hex');
