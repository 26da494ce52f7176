/**
 * Puts the files of docs/examples into docs/library.md: below each line `<!-- docs/examples/NAME -->` comes a block with
 * that file. With `--check` it changes nothing, and fails when something is out of date or left out.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const page = 'docs/library.md';
const marked = /(<!-- (docs\/examples\/[\w.-]+) -->\n)(?:```ts\n.*?\n```\n)?/gs;

const before = readFileSync(page, 'utf8');
const included = new Set();
const after = before.replaceAll(marked, (_, marker, path) => {
  included.add(path);
  return `${marker}\`\`\`ts\n${readFileSync(path, 'utf8').trimEnd()}\n\`\`\`\n`;
});
const problems = readdirSync('docs/examples')
  .map((name) => `docs/examples/${name}`)
  .filter((path) => !included.has(path))
  .map((path) => `${path} is not in ${page}`);
if (process.argv.includes('--check')) {
  if (after !== before) problems.push(`${page} is out of date: node scripts/include-examples.js`);
} else writeFileSync(page, after);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
