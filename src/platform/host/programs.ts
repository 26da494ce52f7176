import type { Programs } from '../ports.ts';
import { endedBy } from './processes.ts';
import { start } from './spawn.ts';

const mostBytes = 1_048_576;
const pieceBytes = 16_384;

export const outputOf: Programs['outputOf'] = async (command, args, options) => {
  const { env, timeoutMs, signal } = options;
  signal.throwIfAborted();
  const [out, err] = [native.pipe(), native.pipe()];
  const outputs = [collect(out[0]), collect(err[0])] as const;
  let pid: number;
  try {
    const descriptors = [-1, out[1], err[1]];
    pid = start([command, ...args], { env, descriptors, session: false });
  } catch (thrown) {
    for (const output of outputs) output.stop();
    throw thrown;
  } finally {
    for (const [, theirs] of [out, err]) native.sync('close', theirs);
  }

  const state = { killed: false, hasExited: false };
  // What it has started may hold its output open.
  const kill = () => {
    state.killed = true;
    if (!state.hasExited) native.kill(pid, 9);
    for (const output of outputs) output.stop();
  };
  const timer = setTimeout(kill, timeoutMs);
  signal.addEventListener('abort', kill);
  try {
    const exited = new Promise<number>((resolve) => {
      native.onExit(pid, (status) => {
        state.hasExited = true;
        resolve(status);
      });
    });
    const [status, stdout, stderr] = await Promise.all([
      exited,
      ...outputs.map(({ text }) => text),
    ] as const);
    if (signal.aborted) throw signal.reason;
    const { code, signal: by } = endedBy(status);
    if (code === 0 && !state.killed) return String(stdout);
    const about = { code: code ?? by, stderr, killed: state.killed };
    throw Object.assign(new Error(`Command failed: ${[command, ...args].join(' ')}`), about);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
};

/** All that comes out of a pipe, until its end or until stopped. */
function collect(fd: number): { readonly text: Promise<string>; readonly stop: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  const pieces: Uint8Array[] = [];
  let length = 0;
  let isOpen = true;
  const stop = () => {
    if (!isOpen) return;
    isOpen = false;
    native.watch(fd, 0);
    native.sync('close', fd);
    resolve(Buffer.concat(pieces).toString('utf8'));
  };
  native.watch(fd, 1, () => {
    const piece = native.receive(fd, pieceBytes);
    if (piece === undefined) return;
    length += piece.length;
    pieces.push(piece);
    if (piece.length === 0 || length > mostBytes) stop();
  });
  return { text: promise, stop };
}
