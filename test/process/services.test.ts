/** Programs that everybody runs, as they come, and that leave processes behind: PostgreSQL and cron. `ROUNDS=50` repeats each case. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { play } from './support/adversaries.ts';
import type { Den } from './support/den.ts';
import { endings, withinMs, type EndingName } from './support/endings.ts';
import { tellFigures } from './support/figures.ts';
import { argvOf, until } from './support/proc.ts';
import { need, test } from './support/stage.ts';

vi.setConfig({ testTimeout: 4 * withinMs, hookTimeout: 4 * withinMs });

const rounds = Array.from({ length: Number(process.env['ROUNDS'] ?? 1) }, (_, index) => index + 1);
const everyCase = rounds.flatMap((round) =>
  (Object.keys(endings) as EndingName[]).map((ending) => ({ ending, round })),
);

afterAll(tellFigures);

/** Whose command line begins so, among those who work in the den. */
function running(den: Den, start: string): number[] {
  return den.residents().filter((pid) => argvOf(pid).join(' ').startsWith(start));
}

describe('PostgreSQL: nothing is left when', () => {
  const folder = '/usr/lib/postgresql/15/bin';
  const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];
  let cluster: string;

  beforeAll(() => {
    if (!existsSync(folder)) throw new Error('this test needs postgresql-15: install it');
    need('setpriv', 'psql');
    cluster = mkdtempSync(join(tmpdir(), 'k8s-leader-postgres-'));
    execFileSync('chown', ['postgres:', cluster]);
    const initdb = [`${folder}/initdb`, '--no-sync', '--no-locale', '--auth=trust', '-D'];
    execFileSync('setpriv', [...asPostgres.slice(1), ...initdb, join(cluster, 'data')]);
  });
  afterAll(() => {
    rmSync(cluster, { recursive: true, force: true });
  });

  /** A server that says when it is there, as CMD itself or below a shell that ends when it reads a line. */
  function server(den: Den, isBelow: boolean): string[] {
    const data = join(den.folder, 'data');
    execFileSync('cp', ['-a', join(cluster, 'data'), data]);
    const options = ['-D', data, '-k', den.folder, '-c', 'listen_addresses=', '-c', 'fsync=off'];
    // Its workers come and go.
    options.push('-c', 'autovacuum=off');
    const ready = `{ until ${folder}/pg_isready -q -h '${den.folder}'; do sleep 0.1; done; echo ready; } &`;
    const script = isBelow ? `"$@" & ${ready} read -r _; exit 7` : `${ready} exec "$@"`;
    return ['sh', '-c', script, 'sh', ...asPostgres, `${folder}/postgres`, ...options];
  }

  test.concurrent.for(everyCase)('$ending (round $round)', async ({ ending }, { stage }) => {
    await play(stage, {
      command: (den) => server(den, ending === 'its first process ends'),
      ending,
      name: 'PostgreSQL',
      isComplete: async ({ den }) => {
        for (const query of ['select pg_sleep(1000)', "do 'begin loop null; end loop; end'"])
          stage.start(['psql', '-h', den.folder, '-U', 'postgres', '-c', query]);
        const titles = [
          'postgres: postgres postgres [local] SELECT',
          'postgres: postgres postgres [local] DO',
        ];
        await until(() => titles.every((title) => running(den, title).length === 1));
      },
      bystander: (den) => server(den, false),
    });
  });
});

describe('cron: nothing is left when', () => {
  beforeAll(() => {
    need('cron', 'unshare', 'mount');
  });

  /** A mount namespace in which nothing of the machine's own cron is seen. */
  const apart =
    'for each in /run /etc/cron.d /var/spool/cron; do mount -t tmpfs -o mode=755 tmpfs $each; done && ' +
    'mount --bind /dev/null /etc/crontab && mkdir /var/spool/cron/crontabs && ' +
    'cp "$1" /var/spool/cron/crontabs/root && chmod 600 /var/spool/cron/crontabs/root && shift && exec "$@"';

  test.concurrent.for(everyCase)('$ending (round $round)', async ({ ending }, { stage }) => {
    const table = join(stage.folder, 'crontab');
    writeFileSync(table, `HOME=${join(stage.folder, 'den')}\n@reboot perl -e 'sleep 1000'\n`);
    await play(stage, {
      command: () => ['sh', '-c', 'cron -f & echo ready; read -r _; exit 7'],
      ending,
      name: 'cron',
      options: { before: ['unshare', '--mount', 'sh', '-c', apart, 'sh', table] },
      isComplete: ({ den }) => until(() => running(den, 'perl -e sleep').length === 1),
    });
  });
});
