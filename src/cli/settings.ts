/**
 * The text of options, from flags and variables. Every flag also has a variable, `--stop-timeout` has
 * `K8S_LEADER_STOP_TIMEOUT`. Only these exact names are ours: Kubernetes itself sets `K8S_LEADER_SERVICE_HOST`,
 * `K8S_LEADER_PORT_443_TCP` and so on in every pod next to a Service called k8s-leader, so unknown names are ignored
 * and passed on.
 */
import { UsageError } from '../errors.ts';
import { typed } from '../text.ts';
import { type Flag, flags } from './flags.ts';

/** The text of an option, not checked yet. A boolean that is on says `true`. */
export interface Setting {
  /** Its name as people know it: `--lock` or `K8S_LEADER_LOCK`. */
  readonly from: string;
  readonly text: string;
}

/** What was said, by flag. */
export type Settings = Readonly<Partial<Record<Flag, Setting>>>;

/** What commander hands over for a flag; `text` is undefined for one without a value. @throws {UsageError} */
export function settingFrom(
  from: string,
  text: string | undefined,
  earlier: Setting | undefined,
): Setting {
  if (text === undefined) return { from, text: 'true' };
  if (earlier !== undefined) throw new UsageError(`${from} is given twice`, 'leave one out');
  if (text === '') throw new UsageError(`${from} is empty`, 'give it a value, or leave it out');
  // Commander takes the next word whatever it is. No value begins like this; a negative number says more later.
  if (/^-[^\d.]/.test(text))
    throw new UsageError(
      // It may be the secret itself.
      `${from} needs a value${from === '--token' ? '' : `, but '${typed(text)}' follows`}`,
      'give it a value',
    );
  return { from, text };
}

/** The error for a setting that is invalid; `problem` is said about the value. */
export function refusal(setting: Setting, problem: string, hint: string): UsageError {
  return new UsageError(`${show(setting)}: ${problem}`, hint);
}

/** A setting as part of a message. */
export function show({ from, text }: Setting): string {
  return `${from} '${typed(text)}'`;
}

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A flag also beats the variable of the flag that says the opposite. */
const rivals: Partial<Record<Flag, Flag>> = {
  try: 'wait',
  wait: 'try',
  events: 'no-events',
  'no-events': 'events',
  quiet: 'log-level',
  'log-level': 'quiet',
  once: 'min-hold',
  'min-hold': 'once',
};

/** What the flags say, and where they say nothing, the variables. An empty variable is none. */
export function withEnvironment(given: Settings, env: Environment): Settings {
  const settings: Partial<Record<Flag, Setting>> = { ...given };
  for (const flag of flags) {
    const from = variableOf(flag);
    const text = env[from] ?? '';
    const rival = rivals[flag];
    const isOutdone =
      given[flag] !== undefined || (rival !== undefined && given[rival] !== undefined);
    if (text !== '' && !isOutdone) settings[flag] = { from, text };
  }
  return settings;
}

/** The environment for CMD: a `k8s-leader run` inside it inherits neither lock nor identity. */
export function environmentWithoutOurs(env: Environment): Record<string, string | undefined> {
  const ours = new Set(flags.map(variableOf));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ours.has(name)));
}

function variableOf(flag: Flag): string {
  return `K8S_LEADER_${flag.toUpperCase().replaceAll('-', '_')}`;
}
