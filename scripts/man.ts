/**
 * man/k8s-leader.1: the manual page, from what `--help` is made of; `npm run man` makes it anew, `--print` shows it
 * instead. A test compares the two.
 */
import type { Command, Option } from 'commander';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spellings } from '../src/commands/index.ts';
import { wholeProgram } from '../src/commands/program.ts';

const root = join(import.meta.dirname, '..');

let printed = '';
const program = wholeProgram(await spellings(), (text) => (printed += text));

/** Text in which nothing means anything to roff. */
function plain(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '\\': '\\e',
    '-': '\\-',
    "'": '\\(aq',
    '"': '\\(dq',
    '`': '\\(ga',
    '^': '\\(ha',
    '~': '\\(ti',
  };
  return text
    .replaceAll(/[\\\-'"`^~]/g, (character) => named[character] ?? character)
    .replaceAll(/[^\n -~]/gu, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
    })
    .replaceAll(/^\./gm, '\\&.');
}

/** Running text, in lines that a person can read as well. */
const prose = (text: string) =>
  plain(
    text
      .replaceAll(/\s+/g, ' ')
      .replaceAll(/(.{1,70})(?: |$)/g, '$1\n')
      .trimEnd(),
  );
const bold = (text: string) => `\\fB${plain(text)}\\fR`;
const entry = (term: string, text: string) => `.TP\n${term}\n${prose(text)}`;

/** As it is, but for what all lines are indented by. */
function verbatim(lines: readonly string[]): string {
  const indent = Math.min(...lines.map((line) => line.search(/\S/)));
  return ['.RS 4', '.nf', ...lines.map((line) => plain(line.slice(indent))), '.fi', '.RE'].join(
    '\n',
  );
}

/** `-l, --lock <NAME>`, the words in bold and the value in italics. */
function optionEntry({ flags, description }: Option): string {
  const term = flags
    .split(/([, ]+)/)
    .map((part) => {
      if (part.startsWith('-')) return bold(part);
      const value = /^<(.*)>$/.exec(part)?.[1];
      return value === undefined ? part : `\\fI${plain(value)}\\fR`;
    })
    .join('');
  return entry(term, description);
}

function options(command: Command): string[] {
  const groups = new Map<string, Option[]>();
  for (const option of command.options.filter(({ hidden }) => !hidden)) {
    const heading = (option.helpGroupHeading ?? 'Options:').replace(/:$/, '');
    groups.set(heading, [...(groups.get(heading) ?? []), option]);
  }
  return [...groups].flatMap(([heading, group]) => [`.SS ${heading}`, ...group.map(optionEntry)]);
}

/** What the help says after the options, in parts that an empty line separates. */
function epilogue(command: Command): string[] {
  printed = '';
  command.outputHelp();
  const parts = printed.slice(command.helpInformation().length).trim().split('\n\n');
  return parts.flatMap((part) => {
    const lines = part.split('\n');
    const [first = '', ...rest] = lines;
    if (!rest.some((line) => line.startsWith('  '))) return ['.PP', prose(part)];
    const heading = /^(Exit status|Examples?):$/.exec(first)?.[1];
    const head = heading === undefined ? ['.PP', prose(first)] : [`.SS ${heading}`];
    if (heading === 'Exit status') return [...head, ...rest.map(statusEntry)];
    return [...head, ...indented(rest)];
  });
}

function statusEntry(line: string): string {
  const [, status = '', when = ''] = /^ {2}(\S+) +(.*)$/.exec(line) ?? [];
  return entry(bold(status), when);
}

/** Commands as they are; a line that ends with a colon says what the next ones are for. */
function indented(lines: readonly string[]): string[] {
  const text: string[] = [];
  let block: string[] = [];
  const end = () => {
    if (block.length > 0) text.push(verbatim(block));
    block = [];
  };
  for (const line of lines)
    if (line.endsWith(':')) {
      end();
      if (text.length > 0) text.push('.PP');
      text.push(prose(line.trim()));
    } else block.push(line);
  end();
  return text;
}

function section(command: Command): string[] {
  return [
    `.SH ${plain(command.name()).toUpperCase()}`,
    `${bold(`k8s-leader ${command.name()}`)} ${plain(command.usage())}`,
    '.PP',
    prose(command.description()),
    ...options(command),
    ...epilogue(command),
  ];
}

function page(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const changes = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const released = /^## \[\d\S*\] - (\S+)$/m.exec(changes)?.[1] ?? '';
  const commands = program.commands;
  const lines = [
    '.\\" Made by npm run man, from what --help is made of.',
    `.TH K8S\\-LEADER 1 "${released}" "k8s\\-leader ${version}" "User Commands"`,
    '.SH NAME',
    'k8s\\-leader, kubectl\\-leader \\- run a command only while it is the leader',
    '.SH SYNOPSIS',
    ...commands.flatMap((command) => [
      `${bold(`k8s-leader ${command.name()}`)} ${plain(command.usage())}`,
      '.br',
    ]),
    `${bold('k8s-leader')} ${bold('--help')} | ${bold('--version')}`,
    '.SH DESCRIPTION',
    prose(`k8s-leader takes a Kubernetes Lease, starts a command, and keeps the Lease renewed. It stops
      the command before anybody else can lead, hands over the moment the command is gone, and exits with
      its status. Installed as kubectl-leader, it is a kubectl plugin: \`kubectl leader\`.`),
    '.PP',
    'Its commands:',
    ...commands.map((command) => entry(bold(command.name()), command.summary())),
    ...commands.flatMap(section),
    '.SH SEE ALSO',
    '.BR kubectl (1),',
    '.BR flock (1)',
  ];
  return `${lines.join('\n')}\n`;
}

if (process.argv.includes('--print')) process.stdout.write(page());
else writeFileSync(join(root, 'man/k8s-leader.1'), page());
