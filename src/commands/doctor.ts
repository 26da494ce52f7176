/**
 * `k8s-leader doctor`: whether `run` would work with the same options, here. Every check is a line; the ones that need
 * what has failed before are left out. Nothing is written: what would be is sent as a dry run.
 */
import { checkCluster } from './doctor-cluster.ts';
import { checkLocalFile, checkPlace } from './doctor-place.ts';
import { lineOf, open, statusOf, type Finding, type Findings } from './finding.ts';
import type { DoctorPlan, DoctorPorts } from './patient.ts';

/** Prints each finding as it comes; the exit status. */
export async function doctor(plan: DoctorPlan, ports: DoctorPorts): Promise<number> {
  const findings: Finding[] = [];
  for await (const finding of examine(plan, ports)) {
    findings.push(finding);
    ports.stdout(lineOf(finding));
  }
  return statusOf(findings);
}

async function* examine(plan: DoctorPlan, ports: DoctorPorts): Findings {
  if (plan.backend === 'local') yield* checkLocalFile(plan, ports);
  else yield* checkCluster(plan, ports);
  for (const warning of plan.warnings) yield open('options', warning);
  yield* checkPlace(plan, ports);
}
