import { setTimeout as delay } from 'node:timers/promises';

type Falsy = undefined | null | false | 0 | '';

/** How often to ask, and for how long. */
export interface Patience {
  readonly everyMs?: number;
  readonly withinMs?: number;
}

/** Asks until there is an answer. Throws what has not come about when it takes too long. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  { everyMs = 20, withinMs = 30_000 }: Patience = {},
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as Exclude<T, Falsy>;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(everyMs);
  }
}
