/**
 * The commands beside `run`: all that is known of them until one is called. What each is told and does is loaded then,
 * so that the start of `run` does not wait for it.
 */
export const subcommands = {
  status: 'show who leads, since when and until when',
  list: 'list the locks of a namespace or the cluster, with holder and age',
  'step-down': "ask the leader to hand over, or clear a dead leader's record",
  rbac: 'print the permissions a candidate needs, as YAML',
  fence: 'print a policy that makes the API server refuse former leaders, as YAML',
  doctor: 'check configuration, server, permissions and timings',
  completion: 'print the completion script for bash, zsh or fish',
  install: 'copy this one-file executable into a folder',
} as const;

export type SubcommandName = keyof typeof subcommands;

/** Whether this is the name of a command other than `run`. */
export function isSubcommand(word: string | undefined): word is SubcommandName {
  return word !== undefined && Object.hasOwn(subcommands, word);
}
