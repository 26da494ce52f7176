/** The specification and the code speak of the same rules. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** The numbers in brackets, as in "(R4, R7)", and those at the beginning of a note. */
const named = /(?<![\w-])R\d+\b/g;

function textsIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('spec.test.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

const spec = readFileSync('src/election/spec.md', 'utf8');
const rules = [...spec.matchAll(/^\| \*\*(R\d+)\*\* \|/gm)].map(([, rule]) => rule!);
const places = [...spec.matchAll(/^\| \*\*R\d+\*\* .*\| (`.*`) \|$/gm)].map(([, where]) => where!);

test('the rules are numbered without a gap', () => {
  expect(rules).toEqual(Array.from({ length: 15 }, (_, i) => `R${String(i + 1)}`));
});

test.each([
  ['the election', 'src/election'],
  ['its tests', 'test/election'],
])('%s name every rule, and no other', (_, folder) => {
  const found = new Set(textsIn(folder).match(named));
  expect([...found].sort()).toEqual([...rules].sort());
});

test('the files that the specification names exist', () => {
  const files = places.flatMap((where) =>
    [...where.matchAll(/`([^`]+)`/g)].map(([, file]) => file!),
  );
  expect(files.length).toBeGreaterThan(rules.length);
  const existing = readdirSync('src/election');
  expect(files.filter((file) => !existing.includes(file))).toEqual([]);
});
