/**
 * docs/picture.svg and docs/picture-dark.svg: two candidates on one machine, as they really run, for light pages and dark
 * ones. `npm run picture` makes them anew, `--print light|dark` shows one instead. What differs from run to run is replaced:
 * the time, and the tokens, by such as a run in that second has. A test compares what is committed with a run.
 */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const columns = 92;

/** What one terminal shows, line by line, with colours. */
class Terminal {
  title;
  lines = [];
  #child;
  #waiting = [];

  constructor(title) {
    this.title = title;
  }

  type(text) {
    this.#show(`\x1b[32m$\x1b[39m ${text}`);
  }

  /** Both streams through one pipe: the order in which they were written stays. */
  run(folder, { words, hidden }) {
    this.type(words.join(' '));
    const [name, verb, ...rest] = words;
    const program = [join(root, 'bin', `${name}.js`), verb, ...hidden, ...rest];
    this.#child = spawn('sh', ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, ...program], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, FORCE_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let piece = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (piece + text).split('\n');
      piece = lines.pop();
      for (const line of lines) this.#show(line);
    });
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
  }

  /** Resolves when there is a line with that text. */
  shows(text) {
    return new Promise((resolve) => {
      this.#waiting.push({ text, resolve });
      this.#look();
    });
  }

  kill() {
    this.#child.kill('SIGTERM');
  }

  #show(line) {
    this.lines.push(line);
    this.#look();
  }

  #look() {
    this.#waiting = this.#waiting.filter(({ text, resolve }) => {
      const isThere = this.lines.some((line) => line.includes(text));
      if (isThere) resolve();
      return !isThere;
    });
  }
}

async function play(folder) {
  // The shell would tell of a sleep that TERM has ended as well.
  const work = `#!/bin/sh
exec 2>/dev/null
trap 'sleep 0.5; echo putting things away; exit 0' TERM
echo at work
while :; do sleep 0.05; done
`;
  writeFileSync(join(folder, 'worker'), work);
  chmodSync(join(folder, 'worker'), 0o755);
  const words = ['k8s-leader', 'run', '--backend', 'local', '--lock', 'demo', '--', './worker'];
  const [a, b] = [new Terminal('one terminal'), new Terminal('another')];
  a.run(folder, { words, hidden: ['--identity', 'one'] });
  await a.shows('at work');
  b.run(folder, { words, hidden: ['--identity', 'another'] });
  await b.shows('standing by');
  a.lines.push('\x1b[2m(TERM, as when a pod is deleted)\x1b[22m');
  a.kill();
  await a.ended;
  a.type('');
  await b.shows('at work');
  const shown = [a, b].map(({ title, lines }) => ({ title, lines: [...lines] }));
  b.kill();
  await b.ended;
  return shown;
}

/** The same in every run. */
function settled(terminals) {
  const tokens = new Map();
  const tokenFor = (token) => {
    // Microseconds since 1970, and one more for each write.
    if (!tokens.has(token)) tokens.set(token, String(1767268800000001n + BigInt(7 * tokens.size)));
    return tokens.get(token);
  };
  const settle = (line) =>
    line
      .replace(/(?<=fencing token )\d+/, tokenFor)
      .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/, '2026-01-01T12:00:00Z');
  return terminals.map(({ title, lines }) => ({ title, lines: lines.map(settle).flatMap(wrap) }));
}

/** Cells of a line, each with its colour; broken where a terminal would break it. */
function wrap(line) {
  const colourOf = { 2: 'dim', 22: '', 31: 'red', 32: 'green', 33: 'yellow', 39: '' };
  let colour = '';
  const cells = [];
  // eslint-disable-next-line no-control-regex
  for (const [, code, text] of line.matchAll(/\x1b\[(\d+)m|([^\x1b]+)/g))
    if (code === undefined) cells.push(...[...text].map((character) => ({ character, colour })));
    else colour = colourOf[code] ?? '';
  const rows = [];
  do rows.push(cells.splice(0, columns));
  while (cells.length > 0);
  return rows;
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Runs of one colour as spans. */
function spansOf(row) {
  const runs = [];
  for (const { character, colour } of row)
    if (runs.at(-1)?.colour === colour) runs.at(-1).text += character;
    else runs.push({ colour, text: character });
  return runs
    .map(({ colour, text }) =>
      colour === '' ? escaped(text) : `<tspan class="${colour}">${escaped(text)}</tspan>`,
    )
    .join('');
}

const themes = {
  light: {
    text: '#1f2328',
    window: '#ffffff',
    edge: '#d1d9e0',
    dim: '#59636e',
    green: '#1a7f37',
    yellow: '#9a6700',
    red: '#d1242f',
  },
  dark: {
    text: '#e6edf3',
    window: '#0d1117',
    edge: '#3d444d',
    dim: '#8b949e',
    green: '#3fb950',
    yellow: '#d29922',
    red: '#f85149',
  },
};

function svg(terminals, { text, window, edge, dim, green, yellow, red }) {
  const [cell, lineHeight, margin, bar] = [8.43, 20, 16, 30];
  const width = Math.ceil(columns * cell + 2 * margin);
  let y = 0;
  const drawn = terminals.map(({ title, lines }) => {
    const height = bar + lines.length * lineHeight + margin;
    const rows = lines.map((row, index) => {
      const baseline = y + bar + 18 + index * lineHeight;
      return `  <text x="${margin}" y="${baseline}" xml:space="preserve">${spansOf(row)}</text>`;
    });
    const all = [
      `  <rect class="window" x="0.5" y="${y + 0.5}" width="${width - 1}" height="${height}" rx="8"/>`,
      `  <text class="dim" x="${width / 2}" y="${y + 20}" text-anchor="middle">${title}</text>`,
      ...rows,
    ];
    y += height + 12;
    return all.join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y - 11}" width="${width}" role="img">
  <title>k8s-leader run in two terminals: one leads, the other stands by and leads the moment the first has ended</title>
  <style>
    text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: ${text}; }
    .window { fill: ${window}; stroke: ${edge}; }
    .dim { fill: ${dim}; }
    .green { fill: ${green}; }
    .yellow { fill: ${yellow}; }
    .red { fill: ${red}; }
  </style>
${drawn.join('\n')}
</svg>
`;
}

const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-picture-'));
try {
  const terminals = settled(await play(folder));
  const [, , print, theme] = process.argv;
  if (print === '--print') process.stdout.write(svg(terminals, themes[theme]));
  else
    for (const [name, file] of Object.entries({ light: 'picture.svg', dark: 'picture-dark.svg' }))
      writeFileSync(join(root, 'docs', file), svg(terminals, themes[name]));
} finally {
  rmSync(folder, { recursive: true });
}
