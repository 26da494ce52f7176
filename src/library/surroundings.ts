/** What the library takes from the process it is in, and only where its caller has not said it. */
import { environment, nodeVersion } from '../platform/self.ts';

/** The oldest Node that has what we use, as package.json says. */
const oldestNode = [22, 15] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Read when it is needed, never on import. */
export function processEnvironment(): Environment {
  return environment();
}

/** What is wrong with a version of Node, such as `20.20.2`; undefined when it will do. */
export function nodeProblem(version = nodeVersion()): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]);
  if (!isOld) return undefined;
  return `k8s-leader needs Node ${oldestNode.join('.')} or newer, this is ${version}`;
}
