/**
 * Measures what no test asserts. Prints tables in Markdown; docs/performance.md has some.
 *
 *     npm run bench -- start [--rounds 15]       from exec to the command's first byte, and memory
 *     npm run bench -- handover [--rounds 5]     from the end of one leader's command to the start of the next
 *
 * The built program is measured on Linux, as root, because a pod's configuration has a fixed place: everything runs
 * in a mount namespace of its own.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { measureHandOver } from './handover.ts';
import { inMountNamespace } from './place.ts';
import { measureStart } from './start.ts';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string' } },
  allowPositionals: true,
});
const [what = ''] = positionals;
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);

if (what === 'start' && !process.env['K8S_LEADER_BENCH']) {
  const env = { ...process.env, K8S_LEADER_BENCH: 'in its own namespace' };
  const [file, ...args] = inMountNamespace([process.execPath, ...process.argv.slice(1)]);
  process.exitCode = spawnSync(file, args, { stdio: 'inherit', env }).status ?? 1;
} else if (what === 'start') await measureStart(rounds ?? 15);
else if (what === 'handover') await measureHandOver(rounds ?? 5);
else {
  process.stderr.write('npm run bench -- start | handover [--rounds N]\n');
  process.exitCode = 64;
}
