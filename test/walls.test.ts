/** The linter keeps the rooms apart; this keeps cycles out, those made of types included, and the platform behind its door. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const files = globSync('src/**/*.ts').sort();
const importsOf = (file: string) =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(([, path = '']) =>
    join(dirname(file), path),
  );
const graph = new Map(files.map((file) => [file, importsOf(file)]));

/** The files of the first cycle that is found, in its order. */
function cycle(): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const found = walk(next, [...way, file]);
      if (found) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of files) {
    const found = walk(file, []);
    if (found) return found;
  }
  return undefined;
}

it('no file leads back to itself', () => {
  expect(files.length).toBeGreaterThan(100);
  expect(graph.get('src/main.ts')).toContain('src/run/wiring.ts');
  expect(cycle()).toBeUndefined();
});

/** Files whose imports, of types too, match `pattern`. */
const importersOf = (pattern: RegExp) =>
  files.filter((file) => pattern.test(readFileSync(file, 'utf8')));

it('only the adapter for Node knows Node', () => {
  const isElsewhere = (file: string) => !file.startsWith('src/platform/node/');
  expect(importersOf(/(?:from |import\()'node:/).filter(isElsewhere)).toEqual([
    // For tests of others, which run on Node.
    'src/testing/assertions.ts',
    'src/testing/fake-clock.ts',
    'src/testing/lock-contract.ts',
  ]);
});

it('only its door knows the adapter', () => {
  const doors = importersOf(/'[./a-z]*\/node\/[a-z-]+\.ts'/);
  expect(doors.length).toBeGreaterThan(10);
  expect(doors.filter((file) => !/^src\/platform\/[a-z-]+\.ts$/.test(file))).toEqual([]);
});
