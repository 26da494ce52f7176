/** Starts a program as a shell would: looked for in PATH, and a script without `#!` is the shell's. */
import { rights } from './constants.ts';

interface SpawnOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Which of ours become 0, 1, 2; -1: nothing to read. */
  readonly descriptors: readonly number[];
  readonly session: boolean;
}

/** Its process id. @throws {Error} of the system */
export function start(
  [name, ...args]: readonly [string, ...string[]],
  { env, descriptors, session }: SpawnOptions,
): number {
  const file = found(name, env['PATH'] ?? '/usr/local/bin:/bin:/usr/bin');
  const environment = Object.entries(env).flatMap(([variable, value]) =>
    value === undefined ? [] : [`${variable}=${value}`],
  );
  const common = { environment, descriptors, session };
  try {
    return native.spawn({ file, argv: [name, ...args], ...common });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOEXEC') throw thrown;
    return native.spawn({ file: '/bin/sh', argv: ['sh', file, ...args], ...common });
  }
}

/** @throws {Error} ENOENT */
function found(name: string, path: string): string {
  if (name.includes('/')) return name;
  for (const folder of path.split(':')) {
    const file = `${folder || '.'}/${name}`;
    try {
      native.sync('access', file, rights.X_OK);
      return file;
    } catch {
      // in the next one, perhaps
    }
  }
  throw Object.assign(new Error(`spawn ${name} ENOENT`), { code: 'ENOENT', path: name });
}
