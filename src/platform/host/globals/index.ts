/** What the language does not have, but the web and Node do, as far as we and our libraries use it. */
import { HostAbortController, HostAbortSignal, HostEvent, HostEventTarget } from './abort.ts';
import { HostBuffer } from './buffer.ts';
import { hostProcess } from './process.ts';
import { HostUrl } from './url.ts';

/** Node's are objects, so are these: some look for `unref`. None holds what it calls, which often holds the timer. */
class Timer {
  #id: number;

  constructor(callback: () => void, ms: number, isRepeated: boolean) {
    this.#id = isRepeated ? this.#every(callback, ms) : native.timer(ms, callback);
  }

  clear(): void {
    native.cancel(this.#id);
    this.#id = 0;
  }

  /** Nothing but the program's end ends the process. */
  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  #every(callback: () => void, ms: number): number {
    return native.timer(ms, () => {
      this.#id = this.#every(callback, ms);
      callback();
    });
  }
}

type Callback = (...args: unknown[]) => void;

/** As in Node, a millisecond at least, and what is no time is one as well. */
const waitOf = (ms: unknown) => (Number(ms) >= 1 ? Math.min(Number(ms), 2 ** 31 - 1) : 1);
const bound = (callback: Callback, args: readonly unknown[]) =>
  args.length === 0
    ? callback
    : () => {
        callback(...args);
      };
const clear = (timer: Timer | undefined) => timer?.clear();

const write = (fd: number, words: readonly unknown[]) => {
  try {
    native.sync('write', fd, native.utf8(`${words.map(String).join(' ')}\n`));
  } catch {
    // nobody reads it
  }
};
const toStderr = (...words: readonly unknown[]) => {
  write(2, words);
};

const startMs = native.monotonicMs();

const globals = {
  AbortController: HostAbortController,
  AbortSignal: HostAbortSignal,
  Buffer: HostBuffer,
  Event: HostEvent,
  EventTarget: HostEventTarget,
  URL: HostUrl,
  TextEncoder: class {
    encode(text = ''): Uint8Array {
      return native.utf8(text.toWellFormed());
    }
  },
  TextDecoder: class {
    decode(bytes: Uint8Array = new Uint8Array()): string {
      return native.text(bytes);
    }
  },
  console: {
    log: toStderr,
    info: toStderr,
    debug: toStderr,
    warn: toStderr,
    error: toStderr,
  },
  performance: { now: () => native.monotonicMs() - startMs, timeOrigin: Date.now() },
  process: hostProcess,
  setTimeout: (callback: Callback, ms?: number, ...args: unknown[]) =>
    new Timer(bound(callback, args), waitOf(ms), false),
  setInterval: (callback: Callback, ms?: number, ...args: unknown[]) =>
    new Timer(bound(callback, args), waitOf(ms), true),
  setImmediate: (callback: Callback, ...args: unknown[]) =>
    new Timer(bound(callback, args), 0, false),
  clearTimeout: clear,
  clearInterval: clear,
  clearImmediate: clear,
  queueMicrotask: (callback: () => void) => {
    void Promise.resolve().then(callback);
  },
  global: globalThis,
};

/** As others write it; by itself the engine leaves out what the error says. */
function stackOf(error: Error, calls: readonly NodeJS.CallSite[]): string {
  const lines = calls.map((call) => {
    const place = [call.getFileName(), call.getLineNumber(), call.getColumnNumber()].join(':');
    return `    at ${call.getFunctionName() ?? '<anonymous>'} (${place})`;
  });
  return [String(error), ...lines].join('\n');
}

/** To be called before anything of the program is loaded. */
export function install(): void {
  Error.prepareStackTrace = stackOf;
  Object.assign(globalThis, globals);
  for (const name of ['dispose', 'asyncDispose'])
    if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`) });
}
