/** What the documentation tells people to type. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

export const pages = ['README.md', 'examples/README.md', ...inFolder('docs', '.md')];
export const scripts = ['examples/crontab', ...inFolder('examples/scripts', '.sh')];

function inFolder(folder: string, ending: string): string[] {
  const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(ending));
  return names.map((name) => `${folder}/${name}`);
}

export function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** A fenced block of code. */
export interface Block {
  /** `sh`, `yaml`, … */
  readonly language: string;
  /** What else stands behind the fence; `run`: a test does what it says. */
  readonly mark: string;
  readonly lines: readonly string[];
}

export function blocksOf(text: string): Block[] {
  const fenced = text.matchAll(/^( *)```(\w+) *(\w*)\n(.*?)^ *```$/gms);
  return [...fenced].map(([, indent = '', language = '', mark = '', body = '']) => ({
    language,
    mark,
    lines: body
      .split('\n')
      .slice(0, -1)
      .map((line) => line.slice(indent.length)),
  }));
}

/** The lines of shell on a page or in a script. In a `console` block those behind a `$`. */
export function shellLinesOf(file: string): string[] {
  const text = textOf(file);
  if (!file.endsWith('.md')) return joined(text.split('\n'));
  return blocksOf(text).flatMap(({ language, mark, lines }) => {
    // What is run for real may be wrong on purpose.
    if (mark === 'run') return [];
    if (language === 'console') return typedIn(lines).map(({ typed }) => typed);
    return ['sh', 'bash', 'shell'].includes(language) ? joined(lines) : [];
  });
}

/** What is typed in a session, and what it prints. */
export function typedIn(lines: readonly string[]): { typed: string; printed: string[] }[] {
  const session: { typed: string; printed: string[] }[] = [];
  for (const line of lines)
    if (line.startsWith('$ ')) session.push({ typed: line.slice(2), printed: [] });
    else session.at(-1)?.printed.push(line);
  return session;
}

function joined(lines: readonly string[]): string[] {
  return lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n');
}

/**
 * The arguments of each `k8s-leader` that a line of shell starts; of what the shell would put in, only defaults are
 * there.
 */
export function callsIn(line: string): string[][] {
  const calls: string[][] = [];
  let call: string[] | undefined;
  let before: string | typeof separator = separator;
  for (const word of wordsOf(line)) {
    if (word === separator) call = undefined;
    else if (call) call.push(word);
    else if (word === 'k8s-leader' && before !== 'install') calls.push((call = []));
    before = word;
  }
  return calls;
}

const separator = Symbol(';');
/** A comment, what ends a command, a redirection with where it leads, and words with quotes in them. */
const token =
  /(?<comment>(?:^|\s)#.*$)|(?<redirection>\d?(?:>>|>|<)&?\s*(?:"[^"]*"|\S+))|(?<end>\|\||&&|[|;&()])|(?<word>(?:'[^']*'|"[^"]*"|[^\s'"|;&()<>])+)/g;

function wordsOf(line: string): (string | typeof separator)[] {
  const words = [...line.matchAll(token)].map(({ groups: { end, word } = {} }) => {
    if (word !== undefined)
      return word
        .replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2')
        .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
    return end === undefined ? '' : separator;
  });
  return words.filter((word) => word !== '');
}
