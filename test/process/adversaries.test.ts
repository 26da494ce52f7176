/**
 * Commands that leave processes behind which cannot be told by group, session, environment, title, user or threads:
 * nothing of them outlives the term. Each kind with one ending here; all of them with all are in every-adversary.
 */
import { vi } from 'vitest';
import { adversary, play, type Kind } from './support/adversaries.ts';
import { withinMs, type EndingName } from './support/endings.ts';
import { test, type Place } from './support/stage.ts';

vi.setConfig({ testTimeout: 3 * withinMs });

test.concurrent.for<[Kind, EndingName, Place]>([
  ['title', 'the wrapper is killed', 'own group'],
  ['daemon', 'its first process ends', 'terminal'],
  ['leaderless', 'the wrapper gets TERM', 'own group'],
  ['undumpable', 'another leads', 'own group'],
  ['user', 'the outer keeper is killed', 'as PID 1'],
  ['worm', 'its first process ends', 'own group'],
  ['supervisor', 'the wrapper gets TERM', 'terminal'],
  ['subreaper', 'the inner keeper is killed', 'own group'],
  ['namespace', 'the wrapper and the outer keeper are killed', 'own group'],
  ['sibling', 'its first process ends', 'as PID 1'],
  ['stopped', 'the inner keeper is stopped, the wrapper killed', 'terminal'],
  ['crowd', 'the wrapper and the inner keeper are killed', 'own group'],
])('%s: nothing is left when %s (%s)', async ([kind, ending, place], { stage }) => {
  await play(stage, { command: (den) => adversary(kind, den), ending, options: { place } });
});
