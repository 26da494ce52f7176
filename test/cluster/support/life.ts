/**
 * A command that records its life: every few milliseconds a line with the machine's uptime and its
 * process id, in a file that all processes of its term share. Its habits:
 *
 *   deaf    ignores TERM
 *   slow    needs 3 s to stop after TERM
 *   family  has a deaf child in its process group
 *   exile   has a deaf child in a session of its own
 */
import { spawn } from 'node:child_process';
import { openSync, writeSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { lifeArgv, type Habit } from './lives.ts';

const [folder = '', ...given] = process.argv.slice(2);
const habits = new Set(given as Habit[]);
const record = openSync(join(folder, process.env['LEADER_FENCING_TOKEN'] ?? 'no-term'), 'a');

if (habits.has('deaf')) process.on('SIGTERM', () => {});
if (habits.has('slow')) process.on('SIGTERM', () => setTimeout(() => process.exit(0), 3_000));
if (habits.has('family')) bear({ detached: false });
if (habits.has('exile')) bear({ detached: true });
setInterval(() => {
  writeSync(record, `${uptime()} ${process.pid}\n`);
}, 5);

function bear({ detached }: { detached: boolean }): void {
  const [file, ...args] = lifeArgv(folder, ['deaf']);
  spawn(file, args, { detached, stdio: 'inherit' });
}
