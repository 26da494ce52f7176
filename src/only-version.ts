/** The program when it is asked for its version and nothing else: for that, nothing else is loaded. */
import type { Ending } from './main.ts';
import { print } from './print.ts';
import { versionAndBuild } from './version.ts';
import type { World } from './world.ts';

/** In place of the other one. */
export function main({ stdout }: World): Ending {
  return { ...print(stdout, `${versionAndBuild}\n`), stuck: false };
}
