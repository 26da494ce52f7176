import type { AuditEntry } from '../../support/control-plane.ts';

/** From the arrival of each request to that of the next, as the server's clock has it. */
export function intervalsMs(requests: readonly AuditEntry[]): number[] {
  const times = requests.map(({ receivedAt }) => Date.parse(receivedAt));
  return times.slice(1).map((time, index) => time - times[index]!);
}
