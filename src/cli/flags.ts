/** The flags of `run`: the one place that knows their names, from which help, variables and types follow. */

/** Heading in the help → flag → how commander spells it, and what it does. */
export const flagGroups = {
  Electing: {
    lock: ['-l, --lock <NAME>', 'lock to compete for, same for all candidates (required)'],
    namespace: [
      '-n, --namespace <NS>',
      "namespace of the lock (default: $POD_NAMESPACE, the pod's, or the kubeconfig context's)",
    ],
    identity: [
      '-i, --identity <ID>',
      'name shown as the holder (default: pod or host name plus a random part)',
    ],
    'lock-kind': [
      '--lock-kind <KIND>',
      'object that holds the record: lease, configmap, endpoints or secret (default: lease); configmap+lease and so on use both, for a migration',
    ],
    owner: [
      '--owner <KIND/NAME>',
      'what the lock object is deleted with, such as deployment/worker (default: nothing)',
    ],
    backend: ['--backend <KIND>', 'kubernetes, or local for one machine (default: kubernetes)'],
    'local-file': [
      '--local-file <FILE>',
      'file for local locks (default: k8s-leader/locks in $XDG_STATE_HOME)',
    ],
    'lease-duration': [
      '--lease-duration <D>',
      'silence after which another may take over (default: 15s)',
    ],
    'renew-deadline': ['--renew-deadline <D>', 'stop CMD after D without a renewal (default: 10s)'],
    'retry-period': ['--retry-period <D>', 'interval between renewals, or polls (default: 2s)'],
    'takeover-on-exit': [
      '--takeover-on-exit',
      "take over at once when the kubelet reports the end of the leader's container",
    ],
  },
  Waiting: {
    try: ['--try', 'give up at once if another leads'],
    wait: ['--wait <D>', 'give up after D (default: never)'],
    once: ['--once <KEY>', 'run until CMD succeeds once for KEY; later runs exit 0'],
    'conflict-exit-code': ['--conflict-exit-code <N>', 'exit status after giving up (default: 75)'],
  },
  Stopping: {
    'stop-signal': ['--stop-signal <SIG>', 'signal for CMD on a loss, before KILL (default: TERM)'],
    'stop-timeout': ['--stop-timeout <D>', 'grace period between TERM and KILL (default: 25s)'],
    'min-hold': ['--min-hold <D>', 'keep the lock for D after CMD ends'],
    'on-lost': ['--on-lost <WHAT>', 'exit, or rejoin the election (default: exit)'],
    'lost-exit-code': ['--lost-exit-code <N>', 'exit status after a loss (default: 79)'],
    guard: [
      '--guard <WHAT>',
      'auto, or required: without a keeper, end with 69 before the lock is touched (default: auto)',
    ],
  },
  Connecting: {
    kubeconfig: ['--kubeconfig <FILE>', 'default: $KUBECONFIG, the pod, or ~/.kube/config'],
    context: ['--context <NAME>', 'kubeconfig context (default: the current one)'],
    server: ['-s, --server <URL>', 'API server, instead of the configured one'],
    token: ['--token <TOKEN>', 'bearer token, instead of other credentials'],
    'insecure-skip-tls-verify': [
      '--insecure-skip-tls-verify',
      "do not verify the server's certificate: anybody may pretend to be it",
    ],
    as: ['--as <USER>', 'act as this user, if you may impersonate it'],
    'as-group': ['--as-group <GROUP>', 'and as this group (with --as)'],
    'request-timeout': [
      '--request-timeout <D>',
      'timeout of one request (default: half the renew deadline)',
    ],
  },
  Observing: {
    events: ['--events', 'record Kubernetes Events on the lock (default)'],
    'no-events': ['--no-events', 'do not record Kubernetes Events'],
    'no-history': ['--no-history', 'do not note on the lock how terms ended'],
    listen: [
      '--listen <ADDRESS>',
      'serve /livez, /readyz, /leader, /status and /metrics over HTTP at [HOST:]PORT',
    ],
    'pod-label': [
      '--pod-label <LABEL>',
      'label KEY[=VALUE] on this Pod while it leads, for a Service (default value: true)',
    ],
    'time-left': ['--time-left <FILE>', 'tell CMD in FILE how long it surely leads'],
  },
  Logging: {
    'log-format': ['--log-format <FORMAT>', 'text or json, on stderr (default: text)'],
    'log-level': ['--log-level <LEVEL>', 'debug, info, warn or error (default: info)'],
    quiet: ['-q, --quiet', 'log errors only'],
  },
  Other: {
    disable: ['--disable', 'run CMD at once, without an election'],
  },
} as const;

type Groups = typeof flagGroups;
/** The long name of a flag, without its dashes. */
export type Flag = { [group in keyof Groups]: keyof Groups[group] }[keyof Groups];

/** All of them, in the order of the help. */
export const flags = Object.values(flagGroups).flatMap((group) => Object.keys(group)) as Flag[];

/** Two joined by `+`: one lock in both objects, for a migration. */
const lockKinds = [
  'lease',
  'configmap',
  'endpoints',
  'secret',
  'configmap+lease',
  'endpoints+lease',
  'secret+lease',
] as const;

/** The words that a setting can have, the default first; completions offer them. */
export const choices = {
  'lock-kind': lockKinds,
  backend: ['kubernetes', 'local'],
  'on-lost': ['exit', 'rejoin'],
  guard: ['auto', 'required'],
  'log-format': ['text', 'json'],
  'log-level': ['info', 'debug', 'warn', 'error'],
  output: ['text', 'wide', 'json', 'yaml'],
  shell: ['bash', 'zsh', 'fish'],
} as const;

export type Output = (typeof choices)['output'][number];
