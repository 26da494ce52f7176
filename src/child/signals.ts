/**
 * Which signals mean what. The door (`bin/k8s-leader.js`) has had handlers on all of {@link forwardedSignals}
 * since its first statement and keeps what arrives while nobody listens, so no signal is ever lost.
 */
export const forwardedSignals = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
] as const satisfies readonly NodeJS.Signals[];

export type ForwardedSignal = (typeof forwardedSignals)[number];

/** Delivers signals in order. */
export interface SignalSource {
  /** From now on `listener` gets every signal, at once those that were kept. Replaces the listener before. */
  listen(listener: (signal: ForwardedSignal) => void): void;
  /** From now on signals are kept for the next listener. */
  hold(): void;
}

/** Before CMD runs these end the wait; the others mean nothing yet. */
export function endsTheWait(signal: ForwardedSignal): boolean {
  return signal !== 'SIGUSR1' && signal !== 'SIGUSR2';
}

/** A terminal sends these to its whole foreground group: CMD has its own copy. */
export function comesFromTerminal(signal: NodeJS.Signals): boolean {
  return signal === 'SIGINT' || signal === 'SIGQUIT' || signal === 'SIGHUP';
}
