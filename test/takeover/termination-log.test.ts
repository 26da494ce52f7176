/** Our line beside CMD's own words. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lineOf } from '../../src/takeover/certificate.ts';
import { terminationLog } from '../../src/takeover/termination-log.ts';

let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'k8s-leader-'));
  file = join(folder, 'log');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const line = `${lineOf('m')}\n`;

test.each([
  ['an empty file', '', line],
  ['what CMD has written', 'words\n', `words\n${line}`],
  ['a last line without its end', 'words', `words\n${line}`],
  ['our line', line, line],
])('adds it to %s', async (_, before, after) => {
  writeFileSync(file, before);
  await terminationLog(file).add('m');
  expect(readFileSync(file, 'utf8')).toBe(after);
});

test('adds it again when the kubelet would not find it', async () => {
  writeFileSync(file, `${line}${'x'.repeat(4_096)}`);
  await terminationLog(file).add('m');
  expect(readFileSync(file, 'utf8').endsWith(`\n${line}`)).toBe(true);
});

test.each([
  ['alone', line, ''],
  ['from between', `one\n${line}two`, 'one\ntwo'],
  ['and leaves those of others', `${lineOf('n')}\n${line}`, `${lineOf('n')}\n`],
  ['where it is not', 'words', 'words'],
])('removes it %s', async (_, before, after) => {
  writeFileSync(file, before);
  await terminationLog(file).remove('m');
  expect(readFileSync(file, 'utf8')).toBe(after);
});

test('cannot be added where there is no file', async () => {
  await expect(terminationLog(file).add('m')).rejects.toThrow('ENOENT');
});
