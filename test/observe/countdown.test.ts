import { expect, it, test } from 'vitest';
import { Countdown, countdownLine, isInFrontBy } from '../../src/observe/countdown.ts';
import type { RunEvent } from '../../src/events.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';

const line = { lock: 'demo', holder: 'web-0_3f1c', leftMs: 12_300, columns: 80 };

test.each([
  [line, 'demo: web-0_3f1c leads, 13s left unless it renews'],
  [{ ...line, leftMs: -5 }, 'demo: web-0_3f1c leads, 0s left unless it renews'],
  [{ ...line, leftMs: -Infinity }, 'demo: web-0_3f1c leads, 0s left unless it renews'],
  [{ ...line, holder: '' }, 'demo: the last holder leads, 13s left unless it renews'],
  [{ ...line, holder: 'a\u001b[31m\u202e漢' }, 'demo: a?[31m?? leads, 13s left unless it renews'],
  [{ ...line, columns: 48 }, 'demo: web-0_3… leads, 13s left unless it renews'],
  [{ ...line, columns: 20 }, 'demo: web-0_3… lea…'],
  [{ ...line, columns: 1 }, '…'],
])('%j', (facts, said) => {
  expect(countdownLine(facts)).toBe(said);
});

it('is never wider than the terminal', () => {
  for (let columns = 2; columns < 120; columns += 1)
    expect(countdownLine({ ...line, holder: 'x'.repeat(300), columns }).length).toBeLessThan(
      columns,
    );
});

test.each([
  ['12 (k8s-leader) S 1 12 12 34816 12 4194304', true],
  ['12 (a ) b) S 1 12 12 34816 99 4194304', false],
  ['12 (k8s-leader) S 1 12 12 0 -1 4194304', false],
  ['', false],
])('in front, by %j: %s', (stat, expected) => {
  expect(isInFrontBy(stat)).toBe(expected);
});

function counting() {
  const clock = new FakeClock();
  const shown: string[] = [];
  let isInFront = true;
  const countdown = new Countdown({
    clock,
    lock: 'demo',
    show: (text) => shown.push(text),
    columns: () => 80,
    isInFront: () => isInFront,
  });
  const hear = (kind: RunEvent['kind']) => {
    countdown.hear({ kind } as RunEvent);
  };
  const background = () => {
    isInFront = false;
  };
  return { clock, shown, countdown, hear, background };
}

it('counts while somebody else leads, and leaves nothing when we do', async () => {
  const { clock, shown, countdown, hear } = counting();
  countdown.sees({ holder: 'a', claimableAtMs: clock.now() + 10_000 });
  hear('standing-by');
  await clock.advance(2_500);
  expect(shown).toEqual([
    'demo: a leads, 9s left unless it renews',
    'demo: a leads, 8s left unless it renews',
  ]);
  hear('elected');
  expect(shown.at(-1)).toBe('');
  const { length } = shown;
  await clock.advance(5_000);
  expect(shown.length).toBe(length);
});

it('is silent in the background, while nobody can tell, and before anybody has been seen', async () => {
  const { clock, shown, countdown, hear, background } = counting();
  hear('standing-by');
  await clock.advance(2_000);
  expect(shown).toEqual([]);
  countdown.sees({ holder: 'a', claimableAtMs: clock.now() + 10_000 });
  hear('out-of-reach');
  await clock.advance(2_000);
  expect(shown).toEqual(['']);
  hear('in-reach');
  background();
  await clock.advance(3_000);
  expect(shown).toEqual(['']);
});
