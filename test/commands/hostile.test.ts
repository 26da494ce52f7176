/** Whatever is on the command line of a command other than `run`: text or findings, or one line; never a defect. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flags } from '../../src/cli/flags.ts';
import { subcommands } from '../../src/cli/subcommands.ts';
import { main } from '../../src/main.ts';
import { text } from '../hostile/arbitraries.ts';
import { oneLine } from '../hostile/expectations.ts';
import { withKeeper } from '../support/keeper.ts';
import { patience, runs } from '../hostile/runs.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'k8s-leader-commands-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What goes on until a signal, and files and servers that are there, are for other tests. */
const harmless = [...flags.filter((flag) => flag !== 'local-file'), 'service-account', 'output'];
const flag = fc.constantFrom(...harmless, 'no-events', 'pod-names');
const value = fc.oneof(
  fc.constantFrom('demo', 'X', '15s', '-5', '0', 'lease', 'local', 'json', 'a=b', 'true', 'bash'),
  fc.constantFrom('/dev/null', '/nonexistent/x', '__proto__', 'constructor', '', '-', 'configmap'),
  text,
);
const said = fc.oneof(
  fc.tuple(flag, value).map(([name, given]) => [`--${name}`, given]),
  fc.tuple(flag, value).map(([name, given]) => [`--${name}=${given}`]),
  flag.map((name) => [`--${name}`]),
  fc.constantFrom(['--help'], ['-h'], ['-V'], ['--'], ['-'], ['-o'], ['--no-such']),
  value.map((word) => [word]),
);
const argv = fc
  .record({
    name: fc.constantFrom(...Object.keys(subcommands)),
    lock: fc.constantFrom([], ['--lock', 'demo'], ['--lock', 'demo']),
    local: fc.constantFrom([], [], ['--backend', 'local']),
    rest: fc.array(said, { maxLength: 3 }),
  })
  .map(({ name, lock, local, rest }) => [name, ...lock, ...local, ...rest.flat()]);

test(
  'it ends with what was asked for, or with one line and a status that says why',
  { timeout: patience(30_000) },
  async () => {
    const met = new Set<number>();
    const ending = async (words: readonly string[]) => {
      const lines: string[] = [];
      let printed = '';
      const { status } = await main({
        argv: words,
        env: { PATH: process.env['PATH'], HOME: folder, K8S_LEADER_REQUEST_TIMEOUT: '50ms' },
        signals: { listen: () => undefined, hold: () => undefined },
        ...withKeeper,
        stdout: (part) => (printed += part),
        stderr: (line) => lines.push(line),
      });
      met.add(status);
      for (const line of lines) expect(line).toMatch(oneLine);
      for (const line of printed.split('\n').slice(0, -1)) expect(line).toMatch(/^\P{Cc}*$/u);
      expect([0, 64, 69, 78]).toContain(status);
      // A doctor's findings are what was asked for, whatever they are.
      if (status === 0 || words[0] === 'doctor') expect(printed + lines.join('')).not.toBe('');
      else expect([printed, lines.length]).toEqual(['', 1]);
    };
    await fc.assert(fc.asyncProperty(argv, ending), {
      ...runs(300),
      examples: [[['rbac', '--lock', 'demo']], [['status']], [['status', '--lock', 'demo']]],
    });
    expect([...met]).toEqual(expect.arrayContaining([0, 64, 69]));
  },
);
