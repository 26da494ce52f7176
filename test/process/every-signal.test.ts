/** CMD dies of each signal that kills, and we say so. */
import { describe } from 'vitest';
import { test } from './support/stage.ts';

/** CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG and WINCH end nobody. INT ends us, too: exit-status has it. */
const others = new Set([2, 17, 18, 19, 20, 21, 22, 23, 28]);
const deadly = Array.from({ length: 64 }, (_, index) => index + 1).filter((n) => !others.has(n));

describe('a death by signal', () => {
  test.concurrent.for(deadly)('%i is told as 128 more', async (signal, { stage, expect }) => {
    // Without a core; perl because shells refuse those that the C library keeps for itself. It ignores FPE.
    const die = `$SIG{FPE} = "DEFAULT"; kill ${signal}, $$; sleep 1000`;
    const wrapper = stage.run(['sh', '-c', 'ulimit -c 0; exec perl -e "$0"', die]);
    expect(await wrapper.exit).toEqual({ status: 128 + signal, signal: null });
    expect(stage.lockFile.holder).toBe('');
  });
});
