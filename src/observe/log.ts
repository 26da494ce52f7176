import { Chalk, type ChalkInstance } from 'chalk';
import type { RunListener } from '../events.ts';
import { printable, printableJson } from '../text.ts';
import { describe, type Description, type Level } from './describe.ts';
import type { Sink } from './stderr.ts';

interface LogOptions {
  readonly sink: Sink;
  readonly format: 'text' | 'json';
  /** Lines below this level are not written. */
  readonly level: Level;
  readonly lock: string;
  /** Whose log it is, for machines: namespace and identity, as far as they are known by now. */
  readonly facts: () => Readonly<Record<string, string>>;
  readonly colours: boolean;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
}

const severity: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A listener that writes each event as one line. */
export function log(options: LogOptions): RunListener {
  const line = options.format === 'json' ? jsonLine : textLine;
  return (event) => {
    const description = describe(event);
    if (!description || severity[description.level] < severity[options.level]) return;
    options.sink(line(description, event.kind, options));
  };
}

/** Names as slog and pino have them, levels as words. */
function jsonLine({ level, message, facts }: Description, event: string, options: LogOptions) {
  const time = new Date(options.wall()).toISOString();
  const { lock } = options;
  const whose = Object.entries(options.facts()).filter(([, text]) => text !== '');
  const entry = { time, level, msg: message, event, lock, ...Object.fromEntries(whose), ...facts };
  return printableJson(JSON.stringify(entry));
}

/** What ends the program before it has a log, in the form that was asked for. */
export function faultLineAs(format: LogOptions['format'], message: string, wallMs: number): string {
  if (format === 'text') return `k8s-leader: ${prefix.error}${printable(message)}`;
  const time = new Date(wallMs).toISOString();
  return printableJson(JSON.stringify({ time, level: 'error', msg: message, event: 'failed' }));
}

/** Not by colour alone, which a file or a blind reader does not have. */
const prefix: Record<Level, string> = { debug: '', info: '', warn: 'warning: ', error: 'error: ' };

function textLine({ level, message }: Description, _event: string, options: LogOptions): string {
  const paint = new Chalk({ level: options.colours ? 1 : 0 });
  return `${paint.dim(`k8s-leader ${options.lock}:`)} ${colour(paint, level)(prefix[level] + printable(message))}`;
}

function colour(paint: ChalkInstance, level: Level): (text: string) => string {
  if (level === 'error') return paint.red;
  if (level === 'warn') return paint.yellow;
  return level === 'debug' ? paint.dim : (text) => text;
}

/** NO_COLOR and FORCE_COLOR win over what stderr is. */
export function wantsColours(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal && env['TERM'] !== 'dumb';
}
