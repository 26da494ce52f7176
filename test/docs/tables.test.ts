/** The pages have every exit status, option, and line that the log can say, and no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { outline } from '../../src/commands/index.ts';
import { LockFault } from '../../src/election/lock.ts';
import type { RunEvent } from '../../src/events.ts';
import { exitCode } from '../../src/exit-code.ts';
import { describe as lineOf } from '../../src/observe/describe.ts';
import { recordOf } from '../election/scene.ts';
import { textOf } from './support/pages.ts';

const commands = await outline();

/** The first cells of the table below a heading. */
function firstCells(heading: string, page = 'docs/troubleshooting.md'): string[] {
  const [, section = ''] = textOf(page).split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [text = ''] = section.split(/^##/m);
  return [...text.matchAll(/^\| ((?:\\\||[^|])*?) \|/gm)]
    .map(([, cell = '']) => cell)
    .filter((cell) => !/^(status|line|option|-+)$/.test(cell));
}

test('the statuses are those of src/exit-code.ts', () => {
  expect(firstCells('By exit status').map(Number)).toEqual(Object.values(exitCode));
  const ours = firstCells('Exit status', 'docs/reference.md')
    .flatMap((cell) => cell.split(' / '))
    .filter((cell) => /^\d+$/.test(cell));
  expect(ours.map(Number)).toEqual(Object.values(exitCode));
});

test('the options are those of `run`', () => {
  const cells = firstCells('Options of `run`', 'docs/reference.md').join(' ');
  const described = new Set(cells.match(/--[a-z-]+/g));
  const { options } = commands.find(({ name }) => name === 'run')!;
  const known = options.map(({ long }) => long).filter((long) => long !== '--help');
  expect([...described].sort()).toEqual(known.sort());
});

const fault = new LockFault('unreachable', 'no answer', { hint: 'look' });
const status = { kind: 'exited', code: 0 } as const;

/** Of each event all that it can be. */
const samples: { readonly [Kind in RunEvent['kind']]: Omit<RunEvent & { kind: Kind }, 'kind'>[] } =
  {
    'standing-by': [
      { record: recordOf('other'), freeInMs: 15_000, givesUpInMs: Infinity },
      { record: recordOf('other'), freeInMs: 15_000, givesUpInMs: 1_000 },
    ],
    'waiting-out': [{ freeInMs: 1_000 }],
    'holder-dead': [{ holder: 'other' }],
    'out-of-reach': [{ fault }],
    'in-reach': [{}],
    unwatched: [{ fault }],
    watched: [{}],
    'watch-ended': [{ fault: undefined }],
    elected: [{ fencingToken: '7', transitions: 1 }],
    renewal: [{ result: 'failed', tookMs: 1 }],
    'renewal-failing': [{ fault, lossInMs: 1_000 }],
    'renewal-recovered': [{}],
    restored: [{ found: 'deleted' }, { found: 'emptied' }, { found: 'edited' }],
    suspended: [{ forMs: 1_000 }],
    resumed: [{}],
    'asked-to-step-down': [{}],
    'standing-aside': [{ forMs: 1_000 }],
    lost: [
      { loss: { kind: 'expired' } },
      { loss: { kind: 'usurped', holder: 'other' } },
      { loss: { kind: 'unsupported', fault } },
    ],
    release: [
      { outcome: { kind: 'released' } },
      { outcome: { kind: 'released', isForgetful: true } },
      { outcome: { kind: 'not-ours' } },
      { outcome: { kind: 'failed', fault } },
    ],
    failed: [],
    warning: [],
    unannounced: [{ fault }],
    listening: [{ host: '127.0.0.1', port: 80 }],
    'already-done': [{ key: 'v1' }],
    'not-stored': [{ key: 'v1' }],
    holding: [{ forMs: 1_000 }],
    started: [{ pid: 1, command: 'true' }],
    stopping: [
      { reason: 'shutdown', killInMs: 1_000 },
      { reason: 'lost', killInMs: 0 },
    ],
    killed: [{ reason: 'shutdown' }, { reason: 'left over' }],
    exited: [
      { status },
      { status: { kind: 'signalled', signal: 'SIGTERM' } },
      { status: { kind: 'not-executed', error: 'ENOENT' } },
    ],
    'left-over': [{ pids: [1] }, { pids: [1, 2] }],
    stuck: [{ pids: [1] }, { pids: [] }],
  };

const said = Object.entries(samples).flatMap(([kind, bodies]) =>
  bodies.flatMap((body) => lineOf({ kind, ...body } as RunEvent) ?? []),
);
const documented = firstCells('By log line').map((cell) => cell.replaceAll('`', ''));
const pattern = (line: string) =>
  new RegExp(
    `^${line
      .split('…')
      .map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.*')}$`,
    's',
  );

describe('the lines', () => {
  test.each(said.filter(({ level }) => level !== 'debug').map(({ message }) => message))(
    '"%s" is there',
    (message) => {
      expect(documented.filter((line) => pattern(line).test(message))).not.toEqual([]);
    },
  );

  test.each(said.filter(({ level }) => level === 'debug').map(({ message }) => message))(
    '"%s" is there, for who looks closer',
    (message) => {
      expect(textOf('docs/troubleshooting.md')).toContain(
        `\`${message.replace(/ (?:true|no answer; look)$/, ' …')}\``,
      );
    },
  );

  test.each(documented)('"%s" can be said', (line) => {
    expect(said.filter(({ message }) => pattern(line).test(message))).not.toEqual([]);
  });
});

it('has only warnings that are somewhere in the sources', () => {
  const folder = join(import.meta.dirname, '../../src');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const warnings = firstCells('Warnings at the start').map((cell) => cell.replaceAll('`', ''));
  expect(warnings.length).toBeGreaterThan(2);
  for (const warning of warnings) {
    const pieces = warning.split('…').map((piece) => piece.trim());
    expect([
      warning,
      sources.some((text) => pieces.every((piece) => text.includes(piece))),
    ]).toEqual([warning, true]);
  }
});
