/** Why work is told to end, as what a signal is aborted with: fetch and others throw it. */
import type { Loss } from './events.ts';

/** The term has been lost. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
  readonly loss: Loss;

  constructor(loss: Loss) {
    super(`leadership was lost: ${reasonOf(loss)}`);
    this.loss = loss;
  }
}

/** Somebody wishes that another leads: `k8s-leader step-down`. The lock is kept, and renewed, until it is released. */
export class AskedToStepDown extends Error {
  override readonly name = 'AskedToStepDown';

  constructor() {
    super('the leader has been asked to step down');
  }
}

/** The term has been handed back: whatever still runs under it should have ended before. */
export class TermReleased extends Error {
  override readonly name = 'TermReleased';

  constructor() {
    super('the term has been released');
  }
}

function reasonOf(loss: Loss): string {
  switch (loss.kind) {
    case 'expired':
      return 'no renewal was acknowledged in time';
    case 'usurped':
      return `${JSON.stringify(loss.holder)} holds the lock`;
    case 'unsupported':
      return loss.fault.message;
    default:
      return loss satisfies never;
  }
}
