/** Makes what the tests in pods need, without which there is nothing to test. */
import { sbin } from './machine.ts';
import { parts } from './parts.ts';

process.env['PATH'] = `${process.env['PATH'] ?? ''}:${sbin}`;
await parts();
