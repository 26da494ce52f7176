import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as library from '../../src/index.ts';

const page = readFileSync('docs/library.md', 'utf8');

test('the page shows every example as it is', () => {
  execFileSync(process.execPath, ['scripts/include-examples.js', '--check'], { stdio: 'inherit' });
});

test('the page names everything that can be called', () => {
  const unnamed = Object.keys(library).filter((name) => !page.includes(name));
  expect(unnamed).toEqual([]);
});

test('its links to headings lead somewhere', () => {
  const anchors = [...page.matchAll(/^##+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
  const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor);
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => !anchors.includes(link))).toEqual([]);
});
