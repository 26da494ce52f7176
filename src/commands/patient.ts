/** What `doctor` examines, and how it asks. */
import type { FindKeeper } from '../child/keeper-problem.ts';
import type { Clock } from '../election/clock.ts';
import type { Timing } from '../election/timing.ts';
import type { Connection } from '../kube/connection.ts';
import type { Answer } from '../kube/exchange.ts';
import { isObject } from '../kube/json.ts';
import type { LockChoice } from '../locks/index.ts';

/** What `run` would be asked for. */
export interface DoctorPlan extends LockChoice {
  /** As it would be shown as the holder. */
  readonly identity: string;
  readonly timing: Timing;
  readonly stopTimeoutMs: number;
  readonly events: boolean;
  readonly podLabel: boolean;
  /** What is allowed but probably not meant. */
  readonly warnings: readonly string[];
  /** CMD, if it was given. */
  readonly command: string | undefined;
}

export interface DoctorPorts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly stdout: (text: string) => void;
  /** Of this process. */
  readonly pid: number;
  readonly findKeeper: FindKeeper;
}

/** A cluster that has answered, and how to ask it. */
export interface Patient {
  readonly plan: DoctorPlan;
  readonly ports: DoctorPorts;
  readonly connection: Connection;
  readonly namespace: string;
}

/** @throws {LockFault} when there is no answer */
export async function ask(
  { connection, ports: { signal } }: Patient,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Answer> {
  return connection.request({ method, path, signal, ...(body === undefined ? {} : { body }) });
}

/** What lies at the end of a path of names. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, name) => (isObject(found) ? found[name] : undefined), value);
}
