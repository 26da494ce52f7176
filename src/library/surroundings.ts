/** What the library takes from the process it is in, and only where its caller has not said it. */
import { randomInt, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Read when it is needed, never on import. */
export function processEnvironment(): Environment {
  return process.env;
}

/** `<$POD_NAME or the host's name>_<uuid>`: readable, and of this elector alone. */
export function defaultIdentity(env: Environment): string {
  return `${env['POD_NAME'] || hostname()}_${randomUUID()}`;
}

/** Uniform in [0, 1). Not Math.random: machines cloned with its state would draw the same. */
export function random(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
