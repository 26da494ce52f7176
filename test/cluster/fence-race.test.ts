/** The token form over two API servers: whatever races, the token of an object never falls. */
import { expect } from 'vitest';
import { rounds } from './support/contest.ts';
import { fenceOff, targetIn, tokenOf } from './support/fenced.ts';
import { test } from './support/fixtures.ts';
import { patching } from './support/patching.ts';
import { until } from './support/until.ts';

/** 10,000 with ROUNDS=50. */
const writes = rounds.length * 200;
const writers = 8;
const timeout = 120_000 + writes * 100;

test(`${writes} writes with tokens new and old`, { timeout }, async ({ contest }) => {
  const { controlPlane } = contest;
  await fenceOff(contest, ['--by', 'token']);
  const servers = [controlPlane, await controlPlane.another()];
  const token = await tokenOf(contest);
  const at = (index: number) =>
    patching(servers[index % servers.length]!, targetIn(contest), token);
  await until('the policy is at work on both', async () => {
    const answers = await Promise.all(
      servers.map((_, index) => at(index)({ data: { by: 'hand' } })),
    );
    return answers.every(({ status }) => status === 403);
  });

  let begun = 0;
  let newest = 1_000;
  const written: { version: bigint; fencingToken: number }[] = [];
  const statuses = new Map<number, number>();
  const writer = async (index: number): Promise<void> => {
    const patch = at(index);
    while (begun < writes) {
      begun += 1;
      // A term begins now and then; whoever writes belongs to this one or to one of the last few.
      if (begun % 3 === 0) newest += 1;
      const fencingToken = newest - (begun % 5);
      const annotations = { 'k8s-leader.dev/fencing-token': String(fencingToken) };
      const change = { metadata: { annotations }, data: { by: String(fencingToken) } };
      const { status, body } = await patch(change);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status === 200)
        written.push({ version: BigInt(body.metadata?.resourceVersion ?? 0), fencingToken });
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, index) => writer(index)));

  written.sort((one, other) => (one.version < other.version ? -1 : 1));
  const falls = written.filter(
    ({ fencingToken }, index) => fencingToken < (written[index - 1]?.fencingToken ?? 0),
  );
  expect(falls).toEqual([]);
  // It was a race: some won, some came too late, and nothing else happened, but for conflicts that kept coming.
  expect(written.length).toBeGreaterThan(0);
  expect(statuses.get(403)).toBeGreaterThan(0);
  expect([...statuses.keys()].filter((status) => ![200, 403, 409].includes(status))).toEqual([]);
  if (process.env['ROUNDS'])
    process.stderr.write(`writes by status: ${JSON.stringify([...statuses])}\n`);
});
