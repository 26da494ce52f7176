import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../ports.ts';

export { randomUUID } from 'node:crypto';

export const randomHex: Random['randomHex'] = (bytes) => randomBytes(bytes).toString('hex');

export const randomNumber: Random['randomNumber'] = () => randomInt(2 ** 32);
