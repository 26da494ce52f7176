/** Two joined by `+`: one lock in both, for those that move from the one to the other. */
const lockKinds = [
  'lease',
  'configmap',
  'endpoints',
  'secret',
  'configmap+lease',
  'endpoints+lease',
  'secret+lease',
] as const;

/** The words that a setting can have, the default first: for whoever checks them, and for completions. */
export const choices = {
  'lock-kind': lockKinds,
  backend: ['kubernetes', 'local'],
  'on-lost': ['exit', 'rejoin'],
  guard: ['auto', 'required'],
  'log-format': ['text', 'json'],
  'log-level': ['info', 'debug', 'warn', 'error'],
  output: ['text', 'json'],
  shell: ['bash', 'zsh', 'fish'],
} as const;
