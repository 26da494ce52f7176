/** What the door hands in about the keeper, as the npm package's does. */
import { fileURLToPath } from 'node:url';

export const keeperFile = fileURLToPath(
  new URL(`../../native/bin/keeper-linux-${process.arch}`, import.meta.url),
);

export const withKeeper = {
  findKeeper: () => keeperFile,
  inherited: { ignoredSignals: 0n, descriptors: undefined },
};
