import { constants, uptime } from 'node:os';
import type { Machine } from '../ports.ts';

export { hostname } from 'node:os';

export const uptimeMs: Machine['uptimeMs'] = () => uptime() * 1_000;

export const signalNumbers: Machine['signalNumbers'] = constants.signals;

export const errorNumbers: Machine['errorNumbers'] = constants.errno;
