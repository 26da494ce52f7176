import type { Claim } from './claim.ts';
import { claimsAboutFiles } from './claims-files.ts';
import { claimsAboutTheMachine } from './claims-machine.ts';
import { claimsAboutTheNetwork } from './claims-network.ts';

/** Of all ports. */
export const claims: readonly Claim[] = [
  ...claimsAboutFiles,
  ...claimsAboutTheMachine,
  ...claimsAboutTheNetwork,
];
