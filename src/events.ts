import type { ElectionEvent } from './election/events.ts';
import type { LockFault } from './election/lock.ts';
import type { ExitStatus } from './child/exit-status.ts';

/** Why a command is being stopped. */
export type StopReason = 'shutdown' | 'lost' | 'step-down' | 'unguarded' | 'left over';

/** Everything a run has to tell, once per change of state: the election's events and the command's. */
export type RunEvent =
  | ElectionEvent
  /** The run ends here, with a fault that people can do something about. */
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string | undefined }
  | { readonly kind: 'warning'; readonly message: string }
  /** No Kubernetes Event could be made of something. Of interest only to who looks for it. */
  | { readonly kind: 'unannounced'; readonly fault: LockFault }
  /** Probes and metrics are answered here. */
  | { readonly kind: 'listening'; readonly host: string; readonly port: number }
  /** Somebody has done it: the key of `--once` is on the lock. CMD is not run. */
  | { readonly kind: 'already-done'; readonly key: string }
  /** CMD has succeeded, and that is not on the lock yet: the campaign that follows is to store it. */
  | { readonly kind: 'not-stored'; readonly key: string }
  /** CMD has ended, and the lock is kept for so long. */
  | { readonly kind: 'holding'; readonly forMs: number }
  | { readonly kind: 'started'; readonly pid: number; readonly command: string }
  | { readonly kind: 'stopping'; readonly reason: StopReason; readonly killInMs: number }
  | { readonly kind: 'killed'; readonly reason: StopReason }
  | { readonly kind: 'exited'; readonly status: ExitStatus }
  /** CMD is gone, these processes that it started are not. */
  | { readonly kind: 'left-over'; readonly pids: readonly number[] }
  /** These survive even KILL: the lock is not handed back while they live. */
  | { readonly kind: 'stuck'; readonly pids: readonly number[] };

export type RunListener = (event: RunEvent) => void;
