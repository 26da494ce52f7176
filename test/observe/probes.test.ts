import { describe, expect, it } from 'vitest';
import { probeEndpoints } from '../../src/observe/endpoints.ts';
import { leader, livez, readyz } from '../../src/observe/probes.ts';
import { statusOf } from '../../src/observe/status.ts';
import { overdue, trusted, viewAfter, type Name } from './script.ts';

type Row = [what: string, names: Name[], live: boolean, ready: boolean, leads: boolean];

const rows: Row[] = [
  ['before the first sight', [], true, false, false],
  ['before the first sight, the server is down', ['outOfReach'], true, false, false],
  ['a standby', ['standingBy'], true, true, false],
  ['a standby whose leader is gone by force', ['standingBy', 'waitingOut'], true, true, false],
  ['a standby without a server', ['standingBy', 'outOfReach'], true, false, false],
  ['a standby that sees it again', ['standingBy', 'outOfReach', 'inReach'], true, true, false],
  ['a leader', ['elected', 'started'], true, true, true],
  ['a leader whose renewals fail', ['elected', 'started', 'failing'], true, true, true],
  ['a leader whose command drains', ['elected', 'started', 'stopping'], true, true, true],
  ['a leader that has slept', ['elected', 'started', 'suspended'], true, false, false],
  ['a leader that still led', ['elected', 'suspended', 'resumed'], true, true, true],
  ['after a loss', ['elected', 'started', 'expired', 'stopping'], false, false, false],
  ['after a loss to another', ['elected', 'started', 'usurped', 'stopping'], false, false, false],
  ['once the lost command is gone', ['elected', 'expired', 'released'], true, false, false],
  ['back after a loss', ['elected', 'expired', 'released', 'standingBy'], true, true, false],
];

describe.each(rows)('%s', (_what, names, live, ready, leads) => {
  const view = viewAfter(names, trusted);

  it(`is ${live ? '' : 'not '}live`, () => {
    expect(livez(view).ok).toBe(live);
  });

  it(`is ${ready ? '' : 'not '}ready`, () => {
    expect(readyz(view).ok).toBe(ready);
  });

  it(`is ${leads ? '' : 'not '}the leader`, () => {
    expect(leader(view).ok).toBe(leads);
  });
});

describe('a leader that no longer trusts the clock, but has not been told so', () => {
  const view = viewAfter(['elected', 'started'], overdue);

  it.each([livez, readyz, leader])('is refused by %o', (probe) => {
    expect(probe(view).ok).toBe(false);
  });
});

describe('/leader names', () => {
  it.each<[Name[], string]>([
    [[], 'unknown'],
    [['standingBy'], 'other'],
    [['elected'], 'me'],
    [['elected', 'usurped'], 'usurper'],
    [['elected', 'expired'], 'unknown'],
    [['standingBy', 'waitingOut'], 'unknown'],
  ])('after %j: %s', (names, identity) => {
    expect(leader(viewAfter(names, trusted)).line).toBe(identity);
  });

  it('a holder with a line break in one line', () => {
    const view = viewAfter(['standingBy']);
    const identity = 'a\nb';
    const state = { ...view.state, leader: { identity, sinceMs: undefined } };
    expect(leader({ ...view, state }).line).toBe('a\\u{a}b');
  });
});

describe('/status', () => {
  it('of a leader is this, and nothing else', () => {
    expect(statusOf(viewAfter(['elected', 'started'], trusted))).toStrictEqual({
      version: '1.2.3',
      lock: 'worker',
      lockKind: 'lease',
      namespace: 'jobs',
      identity: 'me',
      role: 'leader',
      since: '1970-01-01T00:00:02.000Z',
      live: true,
      ready: true,
      leader: { identity: 'me', since: '1970-01-01T00:00:02.000Z' },
      transitions: 4,
      fencingToken: '41',
      trustLeftSeconds: 9.5,
      inReach: true,
      loss: null,
      command: { state: 'running', pid: 1234, reason: null, exitStatus: null },
    });
  });

  it('of a standby names the leader and the time in the record', () => {
    expect(statusOf(viewAfter(['standingBy'], undefined))).toMatchObject({
      role: 'standby',
      leader: { identity: 'other', since: '2023-11-14T22:13:20.000Z' },
      transitions: 3,
      fencingToken: null,
      trustLeftSeconds: null,
      command: { state: 'not-started', pid: null },
    });
  });

  it('tells what becomes of the command', () => {
    const running: Name[] = ['elected', 'started'];
    expect(statusOf(viewAfter([...running, 'stopping'])).command).toStrictEqual({
      state: 'stopping',
      pid: 1234,
      reason: 'shutdown',
      exitStatus: null,
    });
    expect(statusOf(viewAfter([...running, 'stopping', 'exited'])).command).toStrictEqual({
      state: 'ended',
      pid: null,
      reason: null,
      exitStatus: 143,
    });
  });

  it('tells why leadership was lost', () => {
    expect(statusOf(viewAfter(['elected', 'usurped'], trusted))).toMatchObject({
      role: 'lost',
      loss: 'usurped',
      leader: { identity: 'usurper', since: null },
      trustLeftSeconds: null,
    });
  });
});

describe('/ answers as the leader-elector sidecar', () => {
  it.each<[Name[], string]>([
    [[], ''],
    [['standingBy'], 'other'],
    [['elected'], 'me'],
    [['elected', 'expired'], ''],
  ])('after %j: %s', async (names, name) => {
    const page = await probeEndpoints['/']?.(viewAfter(names, trusted));
    expect(page).toMatchObject({ status: 200, type: 'application/json' });
    expect(JSON.parse(page?.body ?? '')).toEqual({ name });
  });
});
