import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCommand } from '../../src/child/command.ts';
import { ExpectedError } from '../../src/errors.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'k8s-leader-command-'));
  for (const name of ['one', 'two']) mkdirSync(join(folder, name));
  file('two/program', 0o755);
  file('one/plain', 0o644);
  mkdirSync(join(folder, 'one/folder'));
  mkdirSync(join(folder, 'one/program'));
  symlinkSync('../two/program', join(folder, 'one/link'));
  symlinkSync('nowhere', join(folder, 'one/dangling'));
  symlinkSync('loop', join(folder, 'one/loop'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, mode: number): void {
  writeFileSync(join(folder, name), '#!/bin/sh\n');
  chmodSync(join(folder, name), mode);
}

const path = (...folders: string[]) => folders.map((name) => join(folder, name)).join(':');

describe('a name', () => {
  it('is searched in the folders of PATH, in order', () => {
    expect(findCommand('program', path('one', 'two'))).toBe(join(folder, 'two/program'));
  });

  it('may be a link', () => {
    expect(findCommand('link', path('one'))).toBe(join(folder, 'one/link'));
  });

  it('is found without a PATH where execvp finds it', () => {
    expect(findCommand('sh', undefined)).toMatch(/^(\/usr)?\/bin\/sh$/);
  });
});

describe('a path', () => {
  it('is taken as it is, whatever PATH says', () => {
    const program = join(folder, 'two/program');
    expect(findCommand(program, '/nowhere')).toBe(program);
  });
});

describe('refused', () => {
  it.each([
    ['nothing', 127],
    ['dangling', 127],
    ['loop', 127],
    ['plain', 126],
    ['folder', 126],
  ])('%s with %i and what to check', (name, exitCode) => {
    for (const command of [name, join(folder, 'one', name)]) {
      const refusal = refusalOf(command, path('one', 'two'));
      expect(refusal.exitCode).toBe(exitCode);
      expect(refusal.message).toContain(JSON.stringify(command));
      expect(refusal.hint).toBeDefined();
    }
  });

  it('what is said to be in a file, with 127', () => {
    expect(refusalOf(join(folder, 'two/program/more'), undefined).exitCode).toBe(127);
  });
});

function refusalOf(command: string, parts: string | undefined): ExpectedError {
  try {
    findCommand(command, parts);
  } catch (thrown) {
    if (thrown instanceof ExpectedError) return thrown;
  }
  throw new Error(`${command} was not refused`);
}
