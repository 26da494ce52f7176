/** What a node is made of: built once, and taken from the cache afterwards. */
import { helm } from '../chart/helm.ts';
import { goPrograms } from '../interop/support/programs.ts';
import { imageArchives } from './images/images.ts';
import { programs } from './programs/programs.ts';

export interface Parts {
  /** The folder of the node's programs. */
  readonly node: string;
  /** The folder of the images. */
  readonly archives: string;
}

export async function parts(): Promise<Parts> {
  const { node, stamp } = await programs();
  // Inside of the namespaces there is no network to build it with.
  await helm(['version']);
  const { wrapper: clientGo } = await goPrograms();
  return { node, archives: await imageArchives({ stamp, clientGo }) };
}
