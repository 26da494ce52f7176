/** The picture in the README is what a run looks like today. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { textOf } from './support/pages.ts';

const script = join(import.meta.dirname, '../../scripts/picture.js');

test('docs/picture.svg is what `npm run picture` makes', { timeout: 60_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--print']);
  expect(stdout).toBe(textOf('docs/picture.svg'));
});
