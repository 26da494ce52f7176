import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/observe/metrics.ts';
import { afterEvent, initialState, type Trust } from '../../src/observe/state.ts';
import type { RunEvent } from '../../src/events.ts';
import { LockFault } from '../../src/election/lock.ts';
import { recordOf, Scene, type Replica } from '../election/scene.ts';
import { countsIn, samplesIn } from './samples.ts';
import { events, fault, trusted, viewAfter } from './script.ts';

/** Metrics of a process whose clock, memory and so on are of no interest. */
function observer() {
  let nowMs = 0;
  let dropped = 0;
  const metrics = createMetrics({
    lock: 'worker',
    version: '1.2.3',
    renewDeadlineMs: 10_000,
    clock: { now: () => nowMs },
    process: {
      droppedLines: () => dropped,
      processorMs: () => 1_250,
      memoryBytes: () => 64_000_000,
      startedAtMs: 1_700_000_000_000,
      nodeVersion: 'v24',
    },
  });
  let state = initialState(0);
  return {
    drop: (lines: number) => (dropped += lines),
    wait: (ms: number) => (nowMs += ms),
    hear(...heard: RunEvent[]) {
      for (const event of heard) {
        state = afterEvent(state, event, { wallMs: nowMs, identity: 'me' });
        metrics.hear(event, state);
      }
    },
    async text(trust?: Trust) {
      nowMs += 1_000;
      const page = await metrics.show({ ...viewAfter([]), state, trust });
      expect(page).toMatchObject({
        status: 200,
        type: 'text/plain; version=0.0.4; charset=utf-8',
      });
      return page.body;
    },
  };
}

describe('of a scripted history, metrics are that history:', () => {
  /** A leader on a fake clock, whose every write is on a wire. */
  async function leader() {
    const scene = new Scene();
    const heard = observer();
    const a = scene.replica('me', {
      emit: (event) => {
        heard.hear(event);
      },
    });
    await a.lead();
    return { scene, heard, a };
  }
  /** All writes but the claim. */
  const tries = ({ writes }: Replica) => writes.length - 1;

  it('a quiet term', async () => {
    const { scene, heard, a } = await leader();
    await scene.clock.advance(60_000);
    expect(tries(a)).toBe(30);
    expect(countsIn(await heard.text())).toEqual({
      k8s_leader_terms_total: 1,
      'k8s_leader_renewals_total{result="acknowledged"}': tries(a),
      k8s_leader_renewal_duration_seconds_count: tries(a),
    });
  });

  it('a server that is away for a while', async () => {
    const { scene, heard, a } = await leader();
    a.wire.rule = () => ({ there: new LockFault('unreachable', 'reset') });
    await scene.clock.advance(6_000);
    const failed = tries(a);
    expect(failed).toBeGreaterThan(1);
    a.wire.heal();
    await scene.clock.advance(6_000);
    expect(countsIn(await heard.text())).toEqual({
      k8s_leader_terms_total: 1,
      'k8s_leader_renewals_total{result="failed"}': failed,
      'k8s_leader_renewals_total{result="acknowledged"}': tries(a) - failed,
      k8s_leader_renewal_duration_seconds_count: tries(a),
    });
  });

  it('a slow server: the histogram has the time that each answer took', async () => {
    const { scene, heard, a } = await leader();
    a.wire.rule = () => ({ back: 300 });
    await scene.clock.advance(9_000);
    const samples = samplesIn(await heard.text());
    expect(samples.get('k8s_leader_renewal_duration_seconds_sum')).toBeCloseTo(0.3 * tries(a), 1);
  });

  it('a foreign hand: a conflict, a look, and the record again', async () => {
    const { scene, heard, a } = await leader();
    scene.server.edit(undefined);
    await scene.clock.advance(3_000);
    expect(a.reads).toHaveLength(2);
    expect(countsIn(await heard.text())).toMatchObject({
      leader_election_slowpath_total: 1,
      'k8s_leader_renewals_total{result="conflict"}': 1,
      'k8s_leader_record_restorations_total{found="deleted"}': 1,
    });
  });

  it('a loss to another, and the release that is none', async () => {
    const { scene, heard, a } = await leader();
    scene.server.edit(recordOf('usurper'));
    await scene.clock.advance(3_000);
    await a.release();
    expect(countsIn(await heard.text())).toMatchObject({
      'k8s_leader_terms_lost_total{reason="usurped"}': 1,
      'k8s_leader_releases_total{result="not-ours"}': 1,
      k8s_leader_transitions_seen_total: 1,
    });
  });

  it('a machine that slept', async () => {
    const { scene, heard } = await leader();
    scene.clock.suspend(60_000);
    await scene.clock.advance(3_000);
    expect(countsIn(await heard.text())).toMatchObject({ k8s_leader_suspensions_total: 1 });
  });

  it('the terms of others, each once', async () => {
    const scene = new Scene();
    const heard = observer();
    scene.server.edit(recordOf('x'));
    const b = scene.replica('me', {
      emit: (event) => {
        heard.hear(event);
      },
    });
    b.campaign();
    await scene.clock.advance(5_000);
    scene.server.edit(recordOf('y', { transitions: 4 }));
    await scene.clock.advance(30_000);
    const text = await heard.text();
    expect(countsIn(text)).toMatchObject({
      k8s_leader_transitions_seen_total: 2,
      k8s_leader_terms_total: 1,
    });
    expect(samplesIn(text).get('k8s_leader_record_transitions')).toBe(5);
  });
});

describe('of a command, metrics tell', () => {
  it('starts, ends and kills', async () => {
    const heard = observer();
    heard.hear(events.elected, events.started, events.stopping, { kind: 'killed', reason: 'lost' });
    heard.hear(events.exited, events.released, events.elected, events.started);
    heard.hear({ kind: 'exited', status: { kind: 'exited', code: 0 } });
    heard.hear({ kind: 'killed', reason: 'left over' });
    expect(countsIn(await heard.text())).toMatchObject({
      k8s_leader_command_starts_total: 2,
      'k8s_leader_command_exits_total{status="0"}': 1,
      'k8s_leader_command_exits_total{status="143"}': 1,
      'k8s_leader_command_kills_total{reason="lost"}': 1,
      'k8s_leader_command_kills_total{reason="left-over"}': 1,
    });
  });

  it('whether it runs, and how much of it cannot be killed', async () => {
    const heard = observer();
    const gauges = async () => {
      const samples = samplesIn(await heard.text());
      return ['command_running', 'stuck_processes'].map((name) =>
        samples.get(`k8s_leader_${name}`),
      );
    };
    expect(await gauges()).toEqual([0, 0]);
    heard.hear(events.elected, events.started);
    expect(await gauges()).toEqual([1, 0]);
    heard.hear(events.stopping, { kind: 'stuck', pids: [1, 2, 3] });
    expect(await gauges()).toEqual([1, 3]);
    heard.hear(events.exited, events.released);
    expect(await gauges()).toEqual([0, 0]);
  });
});

describe('at the moment of asking, metrics tell', () => {
  it('who leads by the clock, and for how long that is certain', async () => {
    const heard = observer();
    heard.hear(events.elected);
    const gauges = async (trust: Trust) => {
      const samples = samplesIn(await heard.text(trust));
      const names = ['leader_election_master_status', 'k8s_leader_trust_left_seconds'];
      return names.map((name) => samples.get(name));
    };
    expect(await gauges(trusted)).toEqual([1, 9.5]);
    expect(await gauges({ ...trusted, isTrusted: false, leftMs: -5 })).toEqual([0, 0]);
  });

  it('whether the lock is in reach', async () => {
    const heard = observer();
    const reach = async () => samplesIn(await heard.text()).get('k8s_leader_lock_reachable');
    expect(await reach()).toBe(0);
    heard.hear(events.standingBy);
    expect(await reach()).toBe(1);
    heard.hear({ kind: 'out-of-reach', fault });
    expect(await reach()).toBe(0);
  });

  it('what the process has used, and what it could not log', async () => {
    const heard = observer();
    heard.drop(3);
    heard.drop(4);
    const samples = samplesIn(await heard.text());
    expect(samples.get('k8s_leader_log_lines_dropped_total')).toBe(7);
    expect(samples.get('process_cpu_seconds_total')).toBe(1.25);
    expect(samples.get('process_resident_memory_bytes')).toBe(64_000_000);
    expect(samples.get('process_start_time_seconds')).toBe(1_700_000_000);
  });

  it('watches that ended, and how', async () => {
    const heard = observer();
    heard.hear({ kind: 'watch-ended', fault: undefined }, { kind: 'watch-ended', fault });
    heard.hear({ kind: 'watch-ended', fault });
    expect(countsIn(await heard.text())).toEqual({
      'k8s_leader_watch_restarts_total{result="ended"}': 1,
      'k8s_leader_watch_restarts_total{result="failed"}': 2,
    });
  });
});

it('every sample carries the name of the lock', async () => {
  const text = await observer().text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(samples.filter((line) => !line.includes('name="worker"'))).toEqual([]);
});
