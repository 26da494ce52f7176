/** Whatever is on the command line and in the environment: no exception, one line, a documented status, no CMD. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { flags } from '../../src/cli/flags.ts';
import { exitCode } from '../../src/exit-code.ts';
import { main, type Ending } from '../../src/main.ts';
import { text } from './arbitraries.ts';
import { oneLine } from './expectations.ts';
import { withKeeper } from '../support/keeper.ts';
import { patience, runs } from './runs.ts';

let folder: string;
/** A command that exists and leaves a trace if it is ever started. */
let canary: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'k8s-leader-hostile-'));
  canary = join(folder, 'canary');
  writeFileSync(canary, `#!/bin/sh\necho "$@" >> '${folder}/sung'\n`);
  chmodSync(canary, 0o755);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** --disable would replace this process, and a lock file that can be made would be led; places are chosen below. */
const harmless = flags.filter((flag) => flag !== 'disable' && flag !== 'local-file');
const value = fc.oneof(
  fc.constantFrom(
    ...['demo', 'UPPER', '../x', 'a.b-c', '15s', '1e999', '-5', '0', '9'.repeat(30), '1h-1s'],
    ...['TERM', 'sigkill', 'STOP', 'json', 'debug', 'rejoin', 'local', 'kubernetes', 'true', 'no'],
    ...['/dev/null', '/', '/nonexistent/x', '/proc/x/y', '__proto__', 'constructor'],
  ),
  text,
);
const flag = fc.constantFrom(...harmless);
const said = fc.oneof(
  fc.tuple(flag, value).map(([name, given]) => [`--${name}`, given]),
  fc.tuple(flag, value).map(([name, given]) => [`--${name}=${given}`]),
  flag.map((name) => [`--${name}`]),
  fc
    .tuple(
      fc.constantFrom('lease-duration', 'renew-deadline', 'retry-period', 'wait'),
      fc.nat(100_000),
    )
    .map(([name, ms]) => [`--${name}`, `${String(ms)}ms`]),
  fc.constantFrom(['--help'], ['-h'], ['-V'], ['--'], ['-'], ['-q'], ['--no-such']),
  value.map((word) => [word]),
);
const argv = fc
  .record({
    start: fc.constantFrom([], ['run'], ['run', '--lock', 'demo'], ['run', '--lock', 'demo']),
    middle: fc.array(said, { maxLength: 4 }),
    end: fc.constantFrom([], ['--', 'canary'], ['--', 'canary'], ['canary', '--help'], ['nothing']),
  })
  .map(({ start, middle, end }) => [...start, ...middle.flat(), ...end]);
const variable = fc.oneof(
  flag.map((name) => `K8S_LEADER_${name.toUpperCase().replaceAll('-', '_')}`),
  fc.constantFrom('KUBECONFIG', 'POD_NAME', 'POD_NAMESPACE', 'KUBERNETES_SERVICE_PORT'),
  fc.constantFrom('KUBERNETES_SERVICE_HOST', 'NO_COLOR', 'FORCE_COLOR', 'TERM', '__proto__'),
);
/** Where nothing can be made, not even by root. */
const place = fc.constantFrom(
  '/dev/null',
  '/proc/x\n\u009b/y',
  '/proc/self/cmdline/x',
  '/dev/zero/',
);
type Place = 'HOME' | 'XDG_STATE_HOME' | 'K8S_LEADER_LOCAL_FILE';
const places = fc.record<Record<Place, string>, never>(
  { HOME: place, XDG_STATE_HOME: place, K8S_LEADER_LOCAL_FILE: place },
  { requiredKeys: [] },
);
const environment = fc
  .array(fc.tuple(variable, value), { maxLength: 4 })
  .map((entries) => Object.fromEntries(entries));

/** What `k8s-leader` says when nobody sends it a signal. */
async function ending(words: readonly string[], env: Record<string, string>) {
  const lines: string[] = [];
  const printed: string[] = [];
  const end: Ending = await main({
    argv: words,
    env,
    signals: { listen: () => undefined, hold: () => undefined },
    ...withKeeper,
    stdout: (line) => printed.push(line),
    stderr: (line) => lines.push(line),
  });
  return { ...end, lines, printed: printed.join('') };
}

/** The only characters of ours that a terminal acts upon. */
// eslint-disable-next-line no-control-regex
const colour = /\u001b\[(?:2|22|31|33|39)m/g;

const withoutStart: readonly number[] = [
  exitCode.usage,
  exitCode.unavailable,
  exitCode.notExecutable,
  exitCode.notFound,
];

test(
  'it ends with help, or with one line and a status that says why',
  { timeout: patience(30_000) },
  async () => {
    const met = new Set<number>();
    await fc.assert(
      fc.asyncProperty(argv, environment, places, async (words, given, elsewhere) => {
        const env = { ...writable(given), ...elsewhere, PATH: folder };
        // Without patience, so that what is out of reach is given up.
        const { status, lines, printed } = await ending(
          words.map((word) => (word === 'canary' ? canary : word)),
          { K8S_LEADER_REQUEST_TIMEOUT: '50ms', K8S_LEADER_TRY: 'true', ...env },
        );
        met.add(status);
        // Without a word there is the whole help.
        const faults = words.length === 0 ? [] : lines;
        for (const line of faults) expect(line.replaceAll(colour, '')).toMatch(oneLine);
        if (status === 0) expect([printed === '', lines]).toEqual([false, []]);
        else expect(withoutStart).toContain(status);
        expect(existsSync(join(folder, 'sung'))).toBe(false);
      }),
      { ...runs(400), examples: oneForEachStatus },
    );
    expect([...met]).toEqual(expect.arrayContaining([0, 64, 69, 127]));
  },
);

const line = ['run', '--lock', 'demo', '--', 'canary'];
const oneForEachStatus: [string[], Record<string, string>, Partial<Record<Place, string>>][] = [
  [['--help'], {}, {}],
  [[], {}, {}],
  [line, {}, {}],
  [line.with(-1, 'nothing'), {}, {}],
];

/** An environment cannot hold a NUL, nor what is no text. */
function writable(env: Record<string, string>): Record<string, string> {
  const fit = ([name, text]: [string, string]) => [name, text.replaceAll('\0', '').toWellFormed()];
  return Object.fromEntries(Object.entries(env).map(fit)) as Record<string, string>;
}
