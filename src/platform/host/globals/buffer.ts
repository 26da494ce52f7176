/** Of Node's Buffer what we and our libraries use. */

type Encoding = 'utf8' | 'utf-8' | 'latin1' | 'binary' | 'ascii' | 'hex' | 'base64' | 'base64url';

/** Its constructor has more ways than a class can inherit at once. */
const Bytes = Uint8Array as unknown as new (
  source: number | ArrayLike<number> | ArrayBuffer,
  start?: number,
  length?: number,
) => Uint8Array<ArrayBuffer>;

export class HostBuffer extends Bytes {
  static alloc(size: number): HostBuffer {
    return new HostBuffer(size);
  }

  static allocUnsafe(size: number): HostBuffer {
    return new HostBuffer(size);
  }

  static from(source: unknown, second?: unknown, length?: unknown): HostBuffer {
    if (typeof source === 'string') return fromText(source, second as Encoding | undefined);
    if (source instanceof ArrayBuffer)
      return new HostBuffer(source, second as number | undefined, length as number | undefined);
    return new HostBuffer(source as ArrayLike<number>);
  }

  static concat(parts: readonly Uint8Array[]): HostBuffer {
    const whole = new HostBuffer(parts.reduce((sum, { length }) => sum + length, 0));
    let place = 0;
    for (const part of parts) {
      whole.set(part, place);
      place += part.length;
    }
    return whole;
  }

  static byteLength(source: string | Uint8Array, encoding?: Encoding): number {
    return typeof source === 'string' ? fromText(source, encoding).length : source.length;
  }

  /** 0: the same; -1 and 1: which comes first. */
  static compare(one: Uint8Array, other: Uint8Array): number {
    return native.compare(one, other);
  }

  static isBuffer(value: unknown): boolean {
    return value instanceof HostBuffer;
  }

  static isEncoding(name: string): boolean {
    return ['utf8', 'utf-8', 'latin1', 'ascii', 'hex', 'base64', 'base64url'].includes(name);
  }

  override toString(encoding: Encoding = 'utf8', start = 0, end = this.length): string {
    const part = start === 0 && end >= this.length ? this : super.subarray(start, end);
    switch (encoding) {
      case 'hex':
        return Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join('');
      case 'base64':
        return btoa(native.textOfLatin1(part));
      case 'base64url':
        return btoa(native.textOfLatin1(part))
          .replace(/\+/g, '-')
          .replace(/\//g, '_')
          .replace(/=+$/, '');
      case 'latin1':
      case 'binary':
      case 'ascii':
        return native.textOfLatin1(part);
      case 'utf8':
      case 'utf-8':
        return native.text(part);
    }
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && native.compare(this, other) === 0;
  }

  override indexOf(what: number | string | Uint8Array, from = 0): number {
    if (typeof what === 'number') return super.indexOf(what, from);
    return native.find(this, typeof what === 'string' ? fromText(what) : what, from) ?? -1;
  }

  /** The same bytes, as in Node. */
  override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
    return this.subarray(start, end);
  }

  toJSON(): object {
    return { type: 'Buffer', data: [...this] };
  }
}

function fromText(text: string, encoding: Encoding = 'utf8'): HostBuffer {
  switch (encoding) {
    case 'hex':
      return HostBuffer.from(text.match(/../g)?.map((pair) => parseInt(pair, 16)) ?? []);
    case 'base64':
    case 'base64url':
      return fromBase64(text);
    case 'latin1':
    case 'binary':
    case 'ascii':
      return HostBuffer.from(native.latin1(text.toWellFormed()).buffer);
    case 'utf8':
    case 'utf-8':
      return HostBuffer.from(native.utf8(text.toWellFormed()).buffer);
  }
}

/** Of what is no base64 in it, Node takes no notice. */
function fromBase64(text: string): HostBuffer {
  const [digits = ''] = text
    .replace(/-/g, '+')
    .replace(/_/g, '/')
    .replace(/[^A-Za-z0-9+/=]/g, '')
    .split('=');
  const whole = digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
  return fromText(atob(whole.padEnd(Math.ceil(whole.length / 4) * 4, '=')), 'latin1');
}
