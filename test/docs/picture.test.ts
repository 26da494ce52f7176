/** The pictures in the README are what a run looks like today. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { textOf } from './support/pages.ts';

const script = join(import.meta.dirname, '../../scripts/picture.js');

test.each([
  ['light', 'docs/picture.svg'],
  ['dark', 'docs/picture-dark.svg'],
])('the %s one, %s, is what `npm run picture` makes', { timeout: 60_000 }, async (theme, file) => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--print', theme]);
  expect(stdout).toBe(textOf(file));
});
