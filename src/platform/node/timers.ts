import { setTimeout } from 'node:timers/promises';
import type { Timers } from '../ports.ts';

export const pause: Timers['pause'] = (ms, { signal, weak = false } = {}) =>
  setTimeout(ms, undefined, { ref: !weak, ...(signal ? { signal } : {}) });
