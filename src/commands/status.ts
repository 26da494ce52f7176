/** `k8s-leader status`: who leads. Looks, and writes nothing. */
import type { Clock } from '../election/clock.ts';
import { asFault, type Lock, type LockFault, type Versioned } from '../election/lock.ts';
import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import { faultLine } from '../observe/describe.ts';
import { printable } from '../observe/printable.ts';
import { follow, look, type LookOptions } from './follow.ts';
import {
  asJson,
  asLine,
  asText,
  isSame,
  reportOn,
  type LockStatus,
  type Subject,
} from './status-report.ts';

export interface StatusPlan extends Subject {
  readonly output: 'text' | 'json';
  readonly requestTimeoutMs: number;
}

export interface StatusPorts {
  readonly found: Lock;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly stdout: (text: string) => void;
  readonly stderr: (line: string) => void;
  /** Whether stdout is one: then what is shown is drawn anew instead of growing. */
  readonly isTerminal: boolean;
}

/** As often as a candidate looks. */
const pauseMs = 2_000;

/** One look. @throws {ExpectedError} 69 or 77 when there is nothing to see */
export async function status(plan: StatusPlan, ports: StatusPorts): Promise<void> {
  const { clock, stdout } = ports;
  const seen = await look(lookOptions(plan, ports)).catch((thrown: unknown) => {
    throw notSeen(plan, asFault(thrown));
  });
  const report = reportOn(plan, seen, clock.wall());
  stdout(plan.output === 'json' ? asJson(report, 2) : asText(report, clock.wall()));
}

/** Look after look, until the signal. @throws {ExpectedError} 69 or 77 when there is nothing to see at first */
export async function watchStatus(plan: StatusPlan, ports: StatusPorts): Promise<void> {
  const { clock, signal, stderr, isTerminal } = ports;
  let broken: (thrown: Error) => void = () => undefined;
  const whenBroken = new Promise<never>((_, reject) => (broken = reject));
  const stdout = (text: string) => {
    try {
      ports.stdout(text);
    } catch (thrown) {
      // Not a fault of the lock, in whose name it would be caught where this is called.
      broken(thrown as Error);
    }
  };
  const show = plan.output === 'text' && isTerminal ? redrawing : telling;
  const present = show(plan, { ...ports, stdout });
  const say = (text: string) => {
    stderr(`k8s-leader: ${printable(text)}`);
  };
  const warn = (text: string) => {
    say(`warning: ${text}`);
  };
  const following = follow(
    { ...lookOptions(plan, ports), pauseMs },
    {
      see: (seen) => {
        present.show(reportOn(plan, seen, clock.wall()), seen);
      },
      outOfReach: (fault) => {
        warn(`cannot see the lock, retrying: ${faultLine(fault)}`);
      },
      inReach: () => {
        say('the lock can be seen again');
      },
      unwatched: (fault) => {
        warn(`cannot watch the lock, looking every 2s instead: ${faultLine(fault)}`);
      },
    },
  ).catch((thrown: unknown) => {
    throw thrown instanceof Error && thrown.name === 'LockFault'
      ? notSeen(plan, asFault(thrown))
      : thrown;
  });
  await Promise.race([following, whenBroken, present.goOn(signal)]);
}

interface Presentation {
  readonly show: (report: LockStatus, seen: Versioned | undefined) => void;
  /** Settles, if at all, with what goes wrong while showing. */
  readonly goOn: (signal: AbortSignal) => Promise<void>;
}

/** A line a change. */
function telling({ output }: StatusPlan, { stdout }: StatusPorts): Presentation {
  let shown: LockStatus | undefined;
  return {
    show(report) {
      if (shown && isSame(shown, report)) return;
      shown = report;
      stdout(output === 'json' ? asJson(report) : asLine(report));
    },
    goOn: () => new Promise(() => undefined),
  };
}

/** The same place of the terminal, every second: what is said of times grows old. */
function redrawing(plan: StatusPlan, { clock, stdout }: StatusPorts): Presentation {
  const home = '\u001b[H\u001b[J';
  let latest: { readonly seen: Versioned | undefined } | undefined;
  const draw = () => {
    const wallMs = clock.wall();
    if (latest) stdout(home + asText(reportOn(plan, latest.seen, wallMs), wallMs));
  };
  return {
    show(_, seen) {
      latest = { seen };
      draw();
    },
    async goOn(signal) {
      while (!signal.aborted) {
        draw();
        await clock.sleep(1_000, signal);
      }
    },
  };
}

function lookOptions({ requestTimeoutMs }: StatusPlan, ports: StatusPorts): LookOptions {
  const { found: lock, clock, signal } = ports;
  return { lock, clock, signal, requestTimeoutMs };
}

function notSeen({ lock }: Subject, fault: LockFault): ExpectedError {
  const code = fault.kind === 'denied' ? exitCode.denied : exitCode.unavailable;
  const hint = fault.hint === undefined ? {} : { hint: fault.hint };
  return new ExpectedError(code, `lock ${JSON.stringify(lock)}: ${fault.message}`, hint);
}
