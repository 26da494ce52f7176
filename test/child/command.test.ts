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

describe('a script', () => {
  const script = (name: string, text: string | Buffer) => {
    const at = join(folder, name);
    writeFileSync(at, text);
    chmodSync(at, 0o755);
    return at;
  };

  it.each([
    ['without #!', 'exit 5\n'],
    ['with an empty #!', '#!\n'],
    ['whose interpreter takes an argument', '#! /bin/sh -e\n'],
    ['of a blank more', '#!\t/bin/sh\nexit 5\n'],
    ['whose first line the kernel cuts', `#!/${'x'.repeat(300)}\n`],
    ['that is none', Buffer.from([0x7f, 0x45, 0x4c, 0x46])],
    ['that is empty', ''],
  ])('%s is left to the kernel', (name, text) => {
    const at = script(`fine ${name.slice(0, 12)}`, text);
    expect(findCommand(at, undefined)).toBe(at);
  });

  it.each<[string, string, number, string]>([
    ['that is missing', '#!/no/such/program\n', 127, '"/no/such/program", which was not found'],
    ['with an argument', '#! /no/such -x\n', 127, '"/no/such", which was not found'],
    ['without a line end', '#!/no/such', 127, '"/no/such", which'],
    ['that is a folder', '#!/etc\n', 126, '"/etc", which is not executable'],
    ['with CR at its end', '#!/bin/sh\r\n', 127, String.raw`"/bin/sh\r", which was not found`],
  ])('with an interpreter %s is refused', (_, text, status, says) => {
    const refusal = refusalOf(script('script', text), undefined);
    expect([refusal.exitCode, refusal.message]).toEqual([status, expect.stringContaining(says)]);
    expect(refusal.hint).toContain(text.includes('\r') ? 'CR LF' : 'first line');
  });
});

it.each(['echo hello', './run.sh --fast'])('%j is told to be one word', (command) => {
  expect(refusalOf(command, '/bin').hint).toContain(`leave out the quotes: -- ${command}`);
});

function refusalOf(command: string, parts: string | undefined): ExpectedError {
  try {
    findCommand(command, parts);
  } catch (thrown) {
    if (thrown instanceof ExpectedError) return thrown;
  }
  throw new Error(`${command} was not refused`);
}
