/** What `doctor` says of the place that it runs in. */
import { expect, test } from 'vitest';
import { lineOf } from '../../../src/commands/doctor/finding.ts';
import { checkPlace, judgeContainer } from '../../../src/commands/doctor/place.ts';
import type { DoctorPlan, DoctorPorts } from '../../../src/commands/doctor/target.ts';

const own = { kind: 'own', uid: 'u-1', name: 'worker', file: '/dev/termination-log' } as const;

test.each([
  [
    'its end can be certified',
    own,
    true,
    '✓ takeover: the kubelet certifies the end of container worker by /dev/termination-log\n',
  ],
  [
    'this user must not write the message',
    own,
    false,
    '✗ takeover: a crash here costs a lease: no permission to write to /dev/termination-log; let this user write to the file of terminationMessagePath\n',
  ],
  [
    'its end would prove nothing',
    { kind: 'unfit', why: 'PID 1 here belongs to the machine' } as const,
    true,
    '✗ takeover: a crash here costs a lease: PID 1 here belongs to the machine; see "Taking over at once" in docs/deployment.md\n',
  ],
])('a container with --takeover-on-exit: %s', (_, container, isWritable, line) => {
  expect(lineOf(judgeContainer(container, () => isWritable))).toBe(line);
});

test.each([true, false])('looks at the container only where that is asked: %s', async (isAsked) => {
  const plan = { env: {}, command: undefined, takeoverOnExit: isAsked } as unknown as DoctorPlan;
  const ports = { pid: 7, findKeeper: () => '/keeper' } as unknown as DoctorPorts;
  const about: string[] = [];
  for await (const finding of checkPlace(plan, ports)) about.push(finding.about);
  expect(about.includes('takeover')).toBe(isAsked);
});
