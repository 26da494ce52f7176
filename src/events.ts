import type { ElectionEvent } from './election/events.ts';
import type { LockFault } from './election/lock.ts';
import type { ExitStatus } from './child/exit-status.ts';

/** Why a command is being stopped. */
export type StopReason = 'shutdown' | 'lost' | 'step-down' | 'unguarded' | 'left over';

/** Everything a run has to tell, once per change of state: the election's events and the command's. */
export type RunEvent =
  | ElectionEvent
  /** The run ends here, with a fault that people can do something about. */
  | { readonly type: 'failed'; readonly message: string; readonly hint: string | undefined }
  | { readonly type: 'warning'; readonly message: string }
  /** No Kubernetes Event could be made of something. Of interest only to who looks for it. */
  | { readonly type: 'unannounced'; readonly fault: LockFault }
  /** Probes and metrics are answered here. */
  | { readonly type: 'listening'; readonly host: string; readonly port: number }
  /** Somebody has done it: the key of `--once` is on the lock. CMD is not run. */
  | { readonly type: 'already-done'; readonly key: string }
  /** CMD has succeeded, and that is not on the lock yet: the campaign that follows is to store it. */
  | { readonly type: 'not-stored'; readonly key: string }
  /** CMD has ended, and the lock is kept for so long. */
  | { readonly type: 'holding'; readonly forMs: number }
  | { readonly type: 'started'; readonly pid: number; readonly command: string }
  | { readonly type: 'stopping'; readonly reason: StopReason; readonly killInMs: number }
  | { readonly type: 'killed'; readonly reason: StopReason }
  | { readonly type: 'exited'; readonly status: ExitStatus }
  /** CMD is gone, these processes that it started are not. */
  | { readonly type: 'left-over'; readonly pids: readonly number[] }
  /** These survive even KILL: the lock is not handed back while they live. */
  | { readonly type: 'stuck'; readonly pids: readonly number[] };

export type RunListener = (event: RunEvent) => void;
