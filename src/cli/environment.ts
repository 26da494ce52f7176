/**
 * Every flag also has a variable, `--stop-timeout` has `K8S_LEADER_STOP_TIMEOUT`. Only these exact names are ours:
 * Kubernetes itself sets `K8S_LEADER_SERVICE_HOST`, `K8S_LEADER_PORT_443_TCP` and so on in every pod next to a
 * Service called k8s-leader, so unknown names are ignored and passed on.
 */
import { flags, type Flag } from './flags.ts';
import type { Setting, Settings } from './setting.ts';

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
