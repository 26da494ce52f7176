import { ExpectedError } from '../errors.ts';
import { exitCode } from '../exit-code.ts';
import { open } from '../platform/files.ts';
import type { Agent, Tls } from '../platform/network-port.ts';
import { oneLine } from '../text.ts';

/** The environment, as it was handed to us. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Where the API server is and how to be let in, whatever kind of configuration it comes from. */
export interface Cluster {
  readonly server: URL;
  /** The namespace that the configuration suggests. */
  readonly namespace: string | undefined;
  /** The configuration itself, for messages: `context "prod" of /root/.kube/config`. */
  readonly describe: string;
  /**
   * What to show the server now. Aborting `signal` ends whatever this call had to start, such as a plugin.
   * @throws {ExpectedError} when the credentials cannot be had
   */
  access(freshness: Freshness, signal: AbortSignal): Promise<Access>;
  /** Text of others without the credentials that `access` has handed out; a connection's cluster has it. */
  readonly redact?: (text: string) => string;
  /** A new agent that goes through the configured proxy; absent where there is none. */
  readonly proxyAgent?: () => Promise<Agent>;
}

/** `reload`: the server has refused what is known so far, so read everything from its source again. */
type Freshness = 'cached' | 'reload';

/** What identifies us to the server, and the server to us. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Tls;
}

/** A configuration that leads to no cluster: exit 69. Message and hint become one line each. */
export function configError(message: string, hint?: string): ExpectedError {
  const shown = oneLine(hint ?? '') || undefined;
  return new ExpectedError(exitCode.unavailable, oneLine(message), { hint: shown });
}

/**
 * All of a file. Not by readFile: since Node 26 that is one piece of work of which the process says nothing while it
 * hangs, in a pipe that nobody writes to for one, and an exit would wait for it (see main.ts).
 */
export async function readText(path: string): Promise<string> {
  const file = await open(path);
  try {
    return await file.text();
  } finally {
    await file.close();
  }
}
