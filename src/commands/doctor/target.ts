/** What `doctor` examines, and how it asks the server. */
import type { FindKeeper } from '../../child/keeper-problem.ts';
import type { Environment } from '../../cli/settings.ts';
import type { RunOptions } from '../../cli/run-options.ts';
import type { Clock } from '../../election/clock.ts';
import type { Connection } from '../../kube/connection.ts';
import type { Answer } from '../../kube/exchange.ts';
import { isObject } from '../../kube/json.ts';

/** What `run` would be asked for; CMD may be left out. */
export interface DoctorOptions extends Omit<RunOptions, 'command' | 'podLabel'> {
  readonly command: string | undefined;
  /** Whether it would tell of its terms in Events. */
  readonly events: boolean;
  /** Whether it would label its own Pod. */
  readonly podLabel: boolean;
}

/** The same, and what the environment adds to it. */
export interface DoctorPlan extends DoctorOptions {
  /** As it would be shown as the holder. */
  readonly identity: string;
  readonly env: Environment;
  readonly userAgent: string;
}

export interface DoctorPorts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Of this process. */
  readonly pid: number;
  readonly isOneFile: boolean;
  readonly findKeeper: FindKeeper;
}

/** A cluster that has answered, and how to ask it. */
export interface Target {
  readonly plan: DoctorPlan;
  readonly ports: DoctorPorts;
  readonly connection: Connection;
  readonly namespace: string;
}

/** @throws {LockFault} when there is no answer */
export async function ask(
  { connection, ports: { signal } }: Target,
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
