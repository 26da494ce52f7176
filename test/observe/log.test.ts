/** The lines of the log: for people with a word for what is wrong, for machines with all that tells one from another. */
import { describe, expect, it, test } from 'vitest';
import { logFormatIn } from '../../src/cli/parse.ts';
import type { RunEvent } from '../../src/events.ts';
import { exitCode } from '../../src/exit-code.ts';
import { main } from '../../src/main.ts';
import { faultLineAs, log } from '../../src/observe/log.ts';
import { withKeeper } from '../support/keeper.ts';
import { fault } from './script.ts';

const elected: RunEvent = { kind: 'elected', fencingToken: '7', transitions: 1 };

function lineOf(event: RunEvent, format: 'text' | 'json', facts = {}, colours = false): string {
  const lines: string[] = [];
  const sink = (line: string) => lines.push(line);
  const wall = () => Date.UTC(2026, 0, 1);
  log({ sink, format, level: 'debug', lock: 'demo', facts: () => facts, colours, wall })(event);
  return lines.join();
}

test.each<[RunEvent, string]>([
  [elected, 'k8s-leader demo: leading, fencing token 7'],
  [{ kind: 'warning', message: 'odd' }, 'k8s-leader demo: warning: odd'],
  [{ kind: 'lost', loss: { kind: 'expired' } }, 'k8s-leader demo: error: leadership lost: no'],
  [{ kind: 'unannounced', fault }, 'k8s-leader demo: could not record'],
])('%j says without colour how bad it is', (event, line) => {
  expect(lineOf(event, 'text')).toContain(line);
});

it('says so in colour as well', () => {
  const line = lineOf({ kind: 'warning', message: 'odd' }, 'text', {}, true);
  expect(line).toContain('\u001b[33mwarning: odd');
});

describe('as JSON', () => {
  it('has time, level, msg and event, and whose it is', () => {
    const facts = { namespace: 'jobs', identity: 'me' };
    expect(lineOf(elected, 'json', facts)).toBe(
      '{"time":"2026-01-01T00:00:00.000Z","level":"info","msg":"leading, fencing token 7",' +
        '"event":"elected","lock":"demo","namespace":"jobs","identity":"me",' +
        '"fencingToken":"7","transitions":1}',
    );
  });

  it('leaves out what is not known yet', () => {
    const line = JSON.parse(lineOf(elected, 'json', { namespace: '', identity: 'me' })) as object;
    expect(line).toMatchObject({ identity: 'me' });
    expect(line).not.toHaveProperty('namespace');
  });

  it('has no prefix in the message', () => {
    expect(JSON.parse(lineOf({ kind: 'warning', message: 'odd' }, 'json'))).toMatchObject({
      level: 'warn',
      msg: 'odd',
    });
  });
});

describe('a fault before there is a log', () => {
  test('as text and as JSON', () => {
    expect(faultLineAs('text', 'a\nb', 0)).toBe(String.raw`k8s-leader: error: a\u{a}b`);
    expect(JSON.parse(faultLineAs('json', 'a\nb', 0))).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'error',
      msg: 'a\nb',
      event: 'failed',
    });
  });

  test.each<[argv: string[], env: Record<string, string>, format: string]>([
    [['run'], {}, 'text'],
    [['run', '--log-format', 'json'], {}, 'json'],
    [['run', '-q', '--log-format=json', '--lok', 'x'], {}, 'json'],
    [['run', '--lock', 'x', '--log-format', 'json'], {}, 'json'],
    [['run', '--log-format', 'xml'], { K8S_LEADER_LOG_FORMAT: 'json' }, 'text'],
    [['run'], { K8S_LEADER_LOG_FORMAT: 'json' }, 'json'],
    [['run', '--lok', 'x', 'app', '--log-format', 'json'], {}, 'text'],
    [['run', '--', '--log-format', 'json'], {}, 'text'],
    [['status', '--log-format', 'json'], { K8S_LEADER_LOG_FORMAT: 'json' }, 'text'],
    [[], { K8S_LEADER_LOG_FORMAT: 'json' }, 'text'],
  ])('%j with %j: %s', (argv, env, format) => {
    expect(logFormatIn(argv, env)).toBe(format);
  });

  test.each([
    ['no lock', ['run', '--log-format=json', 'true'], exitCode.usage],
    ['no command', ['run', '--log-format=json', '--lock=x', 'no-such'], exitCode.notFound],
  ])('is JSON where that was asked for: %s', async (_, argv, status) => {
    const lines: string[] = [];
    const end = await main({
      argv,
      env: { PATH: '/nowhere' },
      signals: { listen: () => undefined, hold: () => undefined },
      ...withKeeper,
      stdout: () => undefined,
      stderr: (line) => lines.push(line),
    });
    expect(end.status).toBe(status);
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(['error']);
  });
});
