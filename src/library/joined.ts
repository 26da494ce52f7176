/** One signal for several, for as long as somebody needs it. */
export interface Joined {
  /** Aborts as soon as one of them does, with its reason. */
  readonly signal: AbortSignal;
  /** Leaves nothing behind on them. Unlike AbortSignal.any, which leaves that to the garbage collector. */
  readonly part: () => void;
}

export function joined(signals: readonly (AbortSignal | undefined)[]): Joined {
  const together = new AbortController();
  const undo: (() => void)[] = [];
  for (const signal of signals) {
    if (!signal) continue;
    const follow = () => {
      together.abort(signal.reason);
    };
    if (signal.aborted) follow();
    signal.addEventListener('abort', follow);
    undo.push(() => {
      signal.removeEventListener('abort', follow);
    });
  }
  return {
    signal: together.signal,
    part: () => {
      for (const each of undo) each();
    },
  };
}
