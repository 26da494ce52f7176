import type { Random } from '../ports.ts';

export const randomHex: Random['randomHex'] = (bytes) => hex(native.random(bytes));

/** Version 4 of RFC 9562. */
export const randomUUID: Random['randomUUID'] = () => {
  const bytes = native.random(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

export const randomNumber: Random['randomNumber'] = () => native.randomNumber();

function hex(bytes: Uint8Array<ArrayBuffer>): string {
  return Buffer.from(bytes.buffer).toString('hex');
}
