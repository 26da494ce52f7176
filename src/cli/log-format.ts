/** Which form of log was asked for, where the command line as a whole could not be understood. */
import type { Environment } from './environment.ts';

/** Of `run` alone, which has a log. Goes no further than the first word that belongs to no flag. */
export function logFormatIn(argv: readonly string[], env: Environment): 'text' | 'json' {
  if (argv[0] !== 'run') return 'text';
  const isCommand = (word: string, index: number) =>
    word === '--' || !(word.startsWith('-') || argv[index]?.startsWith('-'));
  const end = argv.slice(1).findIndex(isCommand);
  const line = argv.slice(1, end < 0 ? argv.length : end + 1).join('\n');
  const said = /^--log-format[=\n](.*)$/m.exec(line)?.[1] ?? env['K8S_LEADER_LOG_FORMAT'];
  return said === 'json' ? 'json' : 'text';
}
