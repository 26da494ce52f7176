/** What the wrapper is told in a rendered Deployment. */
import { parse } from '../../src/cli/parse.ts';
import type { ApiObject } from '../support/control-plane.ts';
import { containerOf, podSpecIn } from './deployment.ts';

/** The variables of the wrapped container, in that Pod. */
export function environmentIn(
  objects: readonly ApiObject[],
  namespace: string,
  pod: string,
): Record<string, string> {
  const fields: Record<string, string> = { 'metadata.name': pod, 'metadata.namespace': namespace };
  const { env = [] } = containerOf(objects);
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      value ?? fields[valueFrom?.fieldRef.fieldPath ?? ''] ?? 'unknown',
    ]),
  );
}

/** The options that it understands. */
export function optionsIn(objects: readonly ApiObject[]) {
  const { command, args = [] } = containerOf(objects);
  const [, ...argv] = command ?? [];
  const env = environmentIn(objects, 'jobs', 'a');
  const invocation = parse([...argv, ...args], env, { version: '1' });
  if (invocation.kind !== 'run') throw new Error('it does not run anything');
  return invocation.options;
}

/** How much longer than the stop timeout the grace period is. pod-labelling.ts wants 2 s; main.ts and elector.ts 5 s. */
export function slackMsOf(objects: readonly ApiObject[]): number {
  const { terminationGracePeriodSeconds: graceSeconds = 30 } = podSpecIn(objects);
  return graceSeconds * 1_000 - optionsIn(objects).stopTimeoutMs;
}
