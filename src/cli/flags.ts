/** The flags of `run`: the one place that knows their names, from which help, variables and types follow. */

/** Heading in the help → flag → how commander spells it, and what it does. */
export const flagGroups = {
  Electing: {
    lock: ['-l, --lock <NAME>', 'lock to compete for, the same for all (required)'],
    namespace: [
      '-n, --namespace <NS>',
      "namespace of the lock (default: $POD_NAMESPACE, else the pod's own or the kubeconfig context's)",
    ],
    identity: [
      '-i, --identity <ID>',
      'shown as the holder (default: name of the pod or host, and a random part)',
    ],
    'lock-kind': [
      '--lock-kind <KIND>',
      'lease, configmap, endpoints or secret: what holds the record (default: lease); configmap+lease and the like: both, to migrate',
    ],
    backend: [
      '--backend <KIND>',
      'kubernetes, or local: among the processes of this machine (default: kubernetes)',
    ],
    'local-file': [
      '--local-file <FILE>',
      'where local locks live (default: k8s-leader/locks.db in $XDG_STATE_HOME)',
    ],
    'lease-duration': ['--lease-duration <D>', 'D of silence, then another leads (default: 15s)'],
    'renew-deadline': ['--renew-deadline <D>', 'no renewal for D: CMD is stopped (default: 10s)'],
    'retry-period': ['--retry-period <D>', 'time between renewals, or looks (default: 2s)'],
  },
  Waiting: {
    try: ['--try', 'give up at once when another leads'],
    wait: ['--wait <D>', 'give up after D (default: never)'],
    once: ['--once <KEY>', 'CMD is to succeed once per KEY; who finds it done exits 0'],
    'conflict-exit-code': ['--conflict-exit-code <N>', 'exit status after giving up (default: 75)'],
  },
  Stopping: {
    'stop-signal': ['--stop-signal <SIG>', 'sent to CMD on a loss, then KILL (default: TERM)'],
    'stop-timeout': ['--stop-timeout <D>', 'from a passed on TERM until KILL (default: 25s)'],
    'min-hold': ['--min-hold <D>', 'keep the lock for D after CMD has ended'],
    'on-lost': ['--on-lost <WHAT>', 'exit, or rejoin the election (default: exit)'],
    'lost-exit-code': ['--lost-exit-code <N>', 'exit status after a loss (default: 79)'],
    guard: [
      '--guard <WHAT>',
      'auto, or required: without a keeper, end with 69 before the lock is touched (default: auto)',
    ],
  },
  Connecting: {
    kubeconfig: ['--kubeconfig <FILE>', 'default: $KUBECONFIG, the pod, or ~/.kube/config'],
    context: ['--context <NAME>', 'context of the kubeconfig (default: the current)'],
    'request-timeout': [
      '--request-timeout <D>',
      'bound on a request (default: half the renew deadline)',
    ],
  },
  Observing: {
    events: ['--events', 'tell of terms in Kubernetes Events on the lock (default)'],
    'no-events': ['--no-events', 'do not'],
    listen: [
      '--listen <ADDRESS>',
      'serve /livez, /readyz, /leader, /status and /metrics over HTTP at [HOST:]PORT',
    ],
    'pod-label': [
      '--pod-label <LABEL>',
      'KEY[=VALUE] that the own Pod has while it leads, for a Service (default value: true)',
    ],
  },
  Logging: {
    'log-format': ['--log-format <FORMAT>', 'text or json, on stderr (default: text)'],
    'log-level': ['--log-level <LEVEL>', 'debug, info, warn or error (default: info)'],
    quiet: ['-q, --quiet', 'errors only'],
  },
  Other: {
    disable: ['--disable', 'become CMD at once, without any election'],
  },
} as const;

type Groups = typeof flagGroups;
/** The long name of a flag, without its dashes. */
export type Flag = { [group in keyof Groups]: keyof Groups[group] }[keyof Groups];

/** All of them, in the order of the help. */
export const flags = Object.values(flagGroups).flatMap((group) => Object.keys(group)) as Flag[];
