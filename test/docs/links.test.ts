/** Links in the documentation lead somewhere: files that exist, and headings that are on their page. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { pages, textOf } from './support/pages.ts';

const all = [...pages, 'CONTRIBUTING.md', 'SECURITY.md'];

/** Without what is code, in which brackets are no links. */
const proseOf = (page: string) => textOf(page).replaceAll(/^ *```.*?^ *```$/gms, '');

function linksOf(page: string): string[] {
  const written = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  const drawn = [...textOf(page).matchAll(/(?:src|srcset|href)="([^"]+)"/g)];
  return [...written, ...drawn.map(([, link = '']) => link)];
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(all)('%s', (page) => {
  const links = linksOf(page).filter((link) => !/^(https?|mailto):/.test(link));
  if (links.length === 0) it('links to no other page', () => undefined);
  else
    test.each(links)('%s', (link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      // The reference of the library is made by `npm run docs`.
      if (target.startsWith('docs/reference/')) return;
      expect(existsSync(target)).toBe(true);
      if (anchor !== undefined && statSync(target).isFile())
        expect(anchorsOf(target)).toContain(anchor);
    });
});

test('the index has every page of docs/, and the README has the index', () => {
  const indexed = linksOf('docs/README.md');
  const names = pages.filter((page) => page.startsWith('docs/')).map((page) => basename(page));
  expect(names.filter((name) => name !== 'README.md' && !indexed.includes(name))).toEqual([]);
  expect(linksOf('README.md')).toContain('docs/README.md');
});
