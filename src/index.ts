/**
 * Leader election as a library: `docs/library.md` is the way in. Importing it does nothing; what talks to a cluster or a
 * file is loaded when a lock is used for the first time.
 */
export { systemClock } from './clock.ts';
export type { CampaignEnd, CampaignOptions, CampaignOutcome } from './election/options.ts';
export type { Patience } from './election/candidate.ts';
export type { Clock } from './election/clock.ts';
export type {
  ElectionEvent,
  ElectionListener,
  ForeignEdit,
  Loss,
  ReleaseOutcome,
  RenewalResult,
} from './election/events.ts';
export type { Death, Deaths } from './election/death.ts';
export { LockFault } from './election/lock.ts';
export type {
  FaultKind,
  Home,
  LeaderRecord,
  Lock,
  Notes,
  PastTerm,
  RequestOptions,
  Sighting,
  Versioned,
  StepDownRequest,
  WriteResult,
} from './election/lock.ts';
export { recordAfter } from './election/record.ts';
export { AskedToStepDown, LeadershipLost, TermReleased } from './election/events.ts';
export type { ReleaseWith, Term } from './election/term.ts';
export type { TermChange } from './election/term.ts';
export { defaultTiming, timingProblem, timingWarning, type Timing } from './election/timing.ts';
export { openCluster, type ClusterHandle, type ClusterOptions } from './library/cluster.ts';
export { LeaderElector } from './library/leader-elector.ts';
export {
  configMapLock,
  endpointsLock,
  leaseLock,
  localLock,
  secretLock,
  type LocalLockOptions,
  type ObjectLockOptions,
} from './library/locks.ts';
export { pairLock } from './locks/pair.ts';
export { takeoverOnExit, type TakeoverOnExit, type TakeoverOptions } from './library/takeover.ts';
export type { LeaderElectorOptions } from './library/options.ts';
export type { RunCallbacks, RunEnd, StopReason } from './library/run.ts';
