/** A round as a person can follow it: what we did, what the candidates said, what the Lease was, who lived when. */
import type { Bout } from './bout.ts';
import { readFamilies } from './families.ts';
import { monotonicMsAt } from './monotonic.ts';

export async function timelineOf(bout: Bout, startedMs: number): Promise<string> {
  const { arena, pitch, lock, lives, notes, contenders } = bout;
  const events = notes.map(({ atMs, text }) => ({ atMs, text: `>>> ${text}` }));
  const add = (atMs: number, text: string) => events.push({ atMs, text });
  for (const { name, candidate, end } of contenders) {
    for (const { time, event, message } of candidate.log)
      add(monotonicMsAt(time), `${name}: ${event}: ${message}`);
    if (end) add(end.atMs, `${name} has ended: ${end.signal ?? String(end.code)}`);
  }
  for (const { version, heardMs, spec } of arena.history.of(pitch.namespace, lock)) {
    const { holderIdentity, leaseDurationSeconds, leaseTransitions } = spec ?? {};
    const what = `${holderIdentity ?? '-'} for ${leaseDurationSeconds ?? '-'} s, ${leaseTransitions ?? '-'}`;
    add(heardMs, `  Lease ${version}: ${spec ? what : 'deleted'}`);
  }
  for (const { token, mark, firstMs, lastMs, pids } of await readFamilies(lives)) {
    const name = contenders.find((contender) => contender.mark === mark)?.name ?? 'nobody';
    add(firstMs, `[[[ first sign of ${token}, ${name}: processes ${[...pids].join(' ')}`);
    add(lastMs, `]]] last sign of ${token}, ${name}`);
  }
  return events
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ atMs, text }) => `${(atMs - startedMs).toFixed(0).padStart(7)} ${text}`)
    .join('\n');
}
