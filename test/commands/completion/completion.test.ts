/** What bash, zsh and fish make of the scripts: the real shells, two of them on a terminal. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest';
import { completionOptions, completionFor } from '../../../src/commands/completion/completion.ts';
import { flags } from '../../../src/cli/flags.ts';
import { outline } from '../../../src/commands/index.ts';
import { parse } from '../../../src/cli/parse.ts';
import { subcommands } from '../../../src/cli/subcommands.ts';
import { UsageError } from '../../../src/errors.ts';
import { need } from '../../process/support/stage.ts';

const commands = await outline();

const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-completion-'));
const script = (shell: string) => join(folder, `script.${shell}`);
beforeAll(() => {
  need('bash', 'zsh', 'fish', 'script');
  for (const shell of ['bash', 'zsh', 'fish'] as const)
    writeFileSync(script(shell), completionFor(shell, commands));
  writeFileSync(join(folder, 'my-kubeconfig'), '');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const env = { PATH: process.env['PATH'], HOME: folder, TERM: 'xterm' };
const quick = { env, cwd: folder, encoding: 'utf8', timeout: 90_000 } as const;

/** What bash offers for the last word. */
function inBash(...words: string[]): string[] {
  const drive = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _k8s_leader
    ((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const argv = ['--norc', '-c', drive, 'bash', script('bash'), 'k8s-leader', ...words];
  return execFileSync('bash', argv, quick).split('\n').slice(0, -1);
}

/** What fish offers for the end of the line. */
function inFish(line: string): string[] {
  const drive = `source ${script('fish')}; complete -C ${JSON.stringify(line)}`;
  const offered = execFileSync('fish', ['--no-config', '-c', drive], quick)
    .split('\n')
    .slice(0, -1);
  return offered.map((each) => each.split('\t')[0] ?? '');
}

/** What is typed, by a Tab made of each line. `setup` makes Ctrl-X say what has been typed, and forget it. */
async function typed(shell: string[], setup: string, lines: string[]): Promise<string[]> {
  const screen = spawn('script', ['-qefc', shell.join(' '), '/dev/null'], { env, cwd: folder });
  let shown = '';
  screen.stdout.setEncoding('utf8').on('data', (part: string) => (shown += part));
  const says = () => [...shown.matchAll(/TYPED<(.*?)>/g)].map(([, line = '']) => line);
  screen.stdin.write(`${setup}; echo "REA""DY"\n`);
  await vi.waitUntil(() => shown.includes('READY'), { timeout: 90_000 });
  shown = '';
  for (const [index, line] of lines.entries()) {
    screen.stdin.write(`${line}\t\u0018`);
    await vi.waitUntil(() => says().length > index, { timeout: 90_000 });
  }
  screen.kill();
  await once(screen, 'exit');
  return says();
}

const options = (name: string) =>
  commands.find((command) => command.name === name)!.options.map(({ long }) => long);

describe('the outline', () => {
  it('has every command and every flag of run', () => {
    expect(commands.map(({ name }) => name)).toEqual(['run', ...Object.keys(subcommands)]);
    expect(options('run')).toEqual([...flags.map((flag) => `--${flag}`), '--help']);
  });

  it('knows the words that each setting can have', () => {
    const { options } = commands[0]!;
    for (const { long, value } of options) {
      if (typeof value === 'string' || long === '--stop-signal') continue;
      const hint = hintFor(['run', '--lock', 'x', long, 'no-such', 'true']);
      expect(hint).toBe(`choose ${value.join(' or ')}`);
    }
  });
});

function hintFor(argv: string[]): string | undefined {
  try {
    parse(argv, {}, { version: '1' });
  } catch (thrown) {
    return (thrown as UsageError).hint;
  }
  return undefined;
}

describe('bash completes', () => {
  test.each<[words: string[], offered: string[]]>([
    [[''], ['run', ...Object.keys(subcommands), '--help', '--version']],
    [['st'], ['status', 'step-down']],
    [['run', '--lock-'], ['--lock-kind']],
    [
      ['run', '--on-lost', ''],
      ['exit', 'rejoin'],
    ],
    [['run', '--on-lost', '=', 're'], ['rejoin']],
    [
      ['run', '--on-lost', '='],
      ['exit', 'rejoin'],
    ],
    [['run', '-l', ''], []],
    [['run', '--kubeconfig', 'my'], ['my-kubeconfig']],
    [
      ['status', '-o', ''],
      ['text', 'wide', 'json', 'yaml'],
    ],
    [['rbac', '--lock', 'x', '--no'], ['--no-events']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['run', '--lock', 'x', 'mktem'], ['mktemp']],
    [['run', '--lock', 'x', '--', 'mktem'], ['mktemp']],
    [['run', '--lock', '=', 'x', 'mktem'], ['mktemp']],
    [['run', '--lock', 'x', 'cat', 'my'], ['my-kubeconfig']],
    [['run', '--lock', 'x', 'cat', '--lock-'], []],
    [['no-such', ''], []],
  ])('%j', (words, offered) => {
    expect([...new Set(inBash(...words))]).toEqual(offered);
  });

  test('every option of every command', () => {
    expect(commands.length).toBeGreaterThan(5);
    for (const { name } of commands)
      expect(inBash(name, '--').sort()).toEqual([...options(name)].sort());
  });

  test('on a terminal', async () => {
    const setup =
      `PS1=; source ${script('bash')}; say() { echo "TYPED<$READLINE_LINE>"; READLINE_LINE=; }; ` +
      `bind -x '"\\C-x": say'`;
    const lines = ['k8s-leader stat', 'k8s-leader run --on-lost=rej'];
    expect(await typed(['bash', '--norc', '--noprofile', '-i'], setup, lines)).toEqual([
      'k8s-leader status ',
      'k8s-leader run --on-lost=rejoin ',
    ]);
  });
});

test('zsh completes on a terminal', async () => {
  const setup =
    `PS1=; autoload -Uz compinit; compinit -u -d ${folder}/dump; source ${script('zsh')}; ` +
    `say() { print -r -- "TYPED<$BUFFER>"; BUFFER=; }; zle -N say; bindkey '^X' say`;
  const lines = [
    'k8s-leader stat',
    'k8s-leader run --lock-k',
    'k8s-leader run --on-lost rej',
    'k8s-leader run --on-lost=rej',
    'k8s-leader run --kubeconfig my-k',
    'k8s-leader run --lock x mktem',
    'k8s-leader run --lock x -- mktem',
    'k8s-leader run --lock x -- cat my-k',
    'k8s-leader status -o js',
    'k8s-leader completion fi',
  ];
  const said = await typed(['zsh', '-f', '-i'], setup, lines);
  expect(said.map((line) => line.trimEnd())).toEqual([
    'k8s-leader status',
    'k8s-leader run --lock-kind=',
    'k8s-leader run --on-lost rejoin',
    'k8s-leader run --on-lost=rejoin',
    'k8s-leader run --kubeconfig my-kubeconfig',
    'k8s-leader run --lock x mktemp',
    'k8s-leader run --lock x -- mktemp',
    'k8s-leader run --lock x -- cat my-kubeconfig',
    'k8s-leader status -o json',
    'k8s-leader completion fish',
  ]);
});

describe('fish completes', () => {
  test.each<[line: string, offered: string[]]>([
    ['k8s-leader stat', ['status']],
    ['k8s-leader run --lock-', ['--lock-kind']],
    ['k8s-leader run --on-lost re', ['rejoin']],
    ['k8s-leader run --on-lost=re', ['--on-lost=rejoin']],
    ['k8s-leader run --kubeconfig my', ['my-kubeconfig']],
    ['k8s-leader run --lock x mktem', ['mktemp']],
    ['k8s-leader run --lock x -- mktem', ['mktemp']],
    ['k8s-leader run --lock x -- cat my', ['my-kubeconfig']],
    ['k8s-leader status -o ', ['json', 'text', 'wide', 'yaml']],
    ['k8s-leader completion ', ['bash', 'fish', 'zsh']],
  ])('%s', (line, offered) => {
    expect(inFish(line)).toEqual(offered);
  });
});

describe('a shell without its completion system', () => {
  test.each([
    ['bash', ['--norc', '-c']],
    ['zsh', ['-f', '-c']],
    ['fish', ['--no-config', '-c']],
  ])('%s says nothing', (shell, flags) => {
    const run = spawnSync(shell, [...flags, `source ${script(shell)}`], quick);
    expect([run.status, run.stdout, run.stderr]).toEqual([0, '', '']);
  });
});

describe('the command line', () => {
  test.each(['bash', 'zsh', 'fish'])('names %s', (shell) => {
    expect(completionOptions([shell])).toEqual({ shell });
  });

  test.each([
    [[], 'no shell given'],
    [['tcsh'], "the shell 'tcsh': not one of the choices"],
    [['bash', 'zsh'], "unexpected word 'zsh'"],
    [['--lock', 'x'], "unknown option '--lock'"],
  ])('%j is refused', (words, says) => {
    expect(() => completionOptions(words)).toThrow(UsageError);
    expect(() => completionOptions(words)).toThrow(says);
  });

  test('has help that fits into 80 columns', () => {
    const read = completionOptions(['-h']);
    const text = 'text' in read ? read.text : '';
    expect(text).toMatch(/^Usage: k8s-leader completion bash\|zsh\|fish/);
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
