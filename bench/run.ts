/**
 * Measures what no test asserts. Prints tables in Markdown; docs/performance.md has some.
 *
 *     npm run bench -- start [--rounds 15]       from exec to the command's first byte, and memory
 *     npm run bench -- forms [--rounds 15]       the same for each form of the program, and its size (needs `npm run executable`)
 *     npm run bench -- handover [--rounds 5]     from the end of one leader's command to the start of the next
 *     npm run bench -- compare [--rounds N] [--only start,steady,handover,takeover,foreign]
 *                                                beside a plain client-go wrapper, at one real API server
 *     npm run bench -- crowd [--sizes 2,10,100,1000] [--svg FILE]
 *                                                many candidates on one Lease
 *     npm run bench -- soak [--minutes 120]      memory of a leader and a standby, every minute
 *     npm run bench -- renewals                  heap after 20,000 and 100,000 renewals
 *
 * Most measure the built program on Linux, as root, because a pod's configuration has a fixed place: everything runs
 * in a mount namespace of its own. Crowds and renewals are of the elector in src.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { compare, partNames } from './compare.ts';
import { measureCrowd } from './crowd.ts';
import { measureForms } from './forms.ts';
import { measureHandOver } from './handover.ts';
import { inMountNamespace } from './place.ts';
import { measureRenewals } from './renewals.ts';
import { soak } from './soak.ts';
import { measureStart } from './start.ts';

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
    sizes: { type: 'string', default: '2,10,100,1000' },
    svg: { type: 'string' },
    minutes: { type: 'string', default: '120' },
  },
  allowPositionals: true,
});
const [what = ''] = positionals;
const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`;
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const only = values.only.split(',').filter(Boolean);
const sizes = values.sizes.split(',').map(Number);
const minutes = Number(values.minutes);

const benches: Readonly<Record<string, () => Promise<void>>> = {
  start: () => measureStart(rounds ?? 15),
  forms: () => measureForms(rounds ?? 15, command),
  handover: () => measureHandOver(rounds ?? 5),
  compare: () => compare({ rounds, only, command }),
  crowd: () => measureCrowd({ sizes, svg: values.svg, command }),
  soak: () => soak(minutes, command),
  renewals: measureRenewals,
};
const inPod = ['start', 'forms', 'compare', 'soak'];

const bench = benches[what];
const isCount = (value: number | undefined) =>
  value === undefined || (value >= 1 && value % 1 === 0);
if (!bench || ![rounds, minutes, ...sizes].every(isCount) || !only.every(isPart)) {
  const names = Object.keys(benches).join(' | ');
  process.stderr.write(
    `npm run bench -- ${names}\n  --rounds N  --only ${partNames.join(',')}  --sizes N,N  --svg FILE  --minutes N\n`,
  );
  process.exitCode = 64;
} else if (inPod.includes(what) && !process.env['K8S_LEADER_BENCH']) {
  const env = { ...process.env, K8S_LEADER_BENCH: 'in its own namespace' };
  const [file, ...args] = inMountNamespace([process.execPath, ...process.argv.slice(1)]);
  process.exitCode = spawnSync(file, args, { stdio: 'inherit', env }).status ?? 1;
} else await bench();

function isPart(name: string): boolean {
  return partNames.includes(name);
}
