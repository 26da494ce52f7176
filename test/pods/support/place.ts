/** What run.ts has prepared for the tests. */

export interface Place {
  /** For everything that the node writes; on a disk, and gone afterwards. Its name is that of the parent of all cgroups, too. */
  readonly folder: string;
  /** Has the archives of the images. */
  readonly archives: string;
  /** Has the kubelet, and what else is in Go. */
  readonly node: string;
}

export function thePlace(): Place {
  const text = process.env['K8S_LEADER_PODS'];
  if (text === undefined) throw new Error('the tests in pods are started by: npm run test:pods');
  return JSON.parse(text) as Place;
}
