/** What the library takes from the process it is in, and only where its caller has not said it. */
import { randomInt, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** The oldest Node that has what we use, as package.json says. */
const oldestNode = [22, 15] as const;

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

/** What is wrong with a version of Node, such as `20.20.2`; undefined when it will do. */
export function nodeProblem(version = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  if (!isOld) return undefined;
  return `k8s-leader needs Node ${oldestNode.join('.')} or newer, this is ${version}`;
}
