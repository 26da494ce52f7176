/**
 * Builds the control plane for the tests ahead of time and prints the folder it is in, fit for
 * KUBEBUILDER_ASSETS.
 */
import { dirname } from 'node:path';
import { controlPlaneBinaries } from './binaries.ts';

try {
  const { apiserver } = await controlPlaneBinaries((line) => process.stderr.write(`${line}\n`));
  process.stdout.write(`${dirname(apiserver)}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
