/** Every command line in the documentation and the examples is one that the program takes; some are also run. */
import { bin, executable } from '../support/program-under-test.ts';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { parse } from '../../src/cli/parse.ts';
import { isSubcommand } from '../../src/cli/subcommands.ts';
import {
  blocksOf,
  callsIn,
  pages,
  scripts,
  shellLinesOf,
  textOf,
  typedIn,
} from './support/pages.ts';

const root = join(import.meta.dirname, '../..');

/** The commands that are more than a file. */
const fileOf: Readonly<Record<string, string>> = {
  completion: 'completion/completion',
  doctor: 'doctor/doctor',
};

type Read = (argv: readonly string[], env: object) => unknown;

/** Throws a usage error where the program would print one. */
async function accept(argv: readonly string[]): Promise<void> {
  const [name = '', ...rest] = argv;
  if (!isSubcommand(name)) {
    parse(argv, {}, { version: '1' });
    return;
  }
  const file = join(root, 'src/commands', `${fileOf[name] ?? name}.ts`);
  const { default: none, ...all } = (await import(file)) as Record<string, unknown>;
  expect(none).toBeUndefined();
  const reader = Object.entries(all).find(([key]) => key.endsWith('Options'))?.[1] as Read;
  reader(rest, {});
}

describe.each([...pages, ...scripts])('%s', (file) => {
  const calls = shellLinesOf(file).flatMap((line) => callsIn(line).map((call) => [line, call]));
  if (calls.length > 0)
    test.each(calls as [string, string[]][])('%s', async (_, call) => {
      await accept(call);
    });
  else it('calls nothing', () => undefined);
});

test('there are command lines to check', () => {
  const all = [...pages, ...scripts].flatMap(shellLinesOf).flatMap(callsIn);
  expect(all.length).toBeGreaterThan(30);
});

describe('the words of a line', () => {
  test.each<[line: string, calls: string[][]]>([
    ['k8s-leader run --lock a -- b "c d"', [['run', '--lock', 'a', '--', 'b', 'c d']]],
    ['kubectl exec x -- k8s-leader doctor --lock a', [['doctor', '--lock', 'a']]],
    ['k8s-leader status -o json | jq -e \'.a == "b"\' >/dev/null', [['status', '-o', 'json']]],
    ['a; k8s-leader rbac 2>&1 && k8s-leader status # so', [['rbac'], ['status']]],
    ['# k8s-leader run', []],
    ['npm install k8s-leader', []],
    ['k8s-leader run --wait "${WAIT:-5m}"', [['run', '--wait', '5m']]],
    ['  exec k8s-leader run -- "$0" "$@"', [['run', '--', '$0', '$@']]],
  ])('%s', (line, calls) => {
    expect(callsIn(line)).toEqual(calls);
  });
});

const sessions = pages.flatMap((file) =>
  blocksOf(textOf(file))
    .filter(({ language, mark }) => language === 'console' && mark === 'run')
    .map(({ lines }): [string, readonly string[]] => [file, lines]),
);

/** A folder in which the program and the scripts of examples/ are found, and nothing of this machine's user. */
function place(): { folder: string; env: Record<string, string> } {
  const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-docs-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const programs = join(folder, 'bin');
  cpSync(join(root, 'examples/scripts'), programs, { recursive: true });
  symlinkSync(executable ?? bin, join(programs, 'k8s-leader'));
  const work = join(folder, 'work');
  mkdirSync(work);
  const path = [programs, dirname(process.execPath), process.env['PATH']];
  return { folder: work, env: { HOME: folder, PATH: path.join(delimiter) } };
}

describe('a session', () => {
  test.each(sessions)('of %s prints what it shows: %j', { timeout: 60_000 }, (_, lines) => {
    const { folder, env } = place();
    for (const { typed, printed } of typedIn(lines)) {
      const input = `exec 2>&1\n${typed}`;
      const { stdout } = spawnSync('sh', ['-c', input], { cwd: folder, env, encoding: 'utf8' });
      expect([typed, stdout.split('\n').slice(0, -1)]).toEqual([typed, printed]);
    }
  });

  it('is on several pages', () => {
    expect(new Set(sessions.map(([file]) => file)).size).toBeGreaterThan(2);
  });
});
