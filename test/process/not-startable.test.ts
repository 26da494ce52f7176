/** A CMD that cannot be executed is found out before the lock is touched, or gives it back. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe } from 'vitest';
import { test, type Stage } from './support/stage.ts';

/** Puts a script that exits with 5 into the stage's folder. */
function script(stage: Stage, name: string, { mode = 0o755, text = '#!/bin/sh\nexit 5\n' } = {}) {
  const path = join(stage.folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
}

describe('before the lock is touched', () => {
  test.concurrent.for<[string, number, string]>([
    ['an unknown name', 127, 'no-such-command'],
    ['a path to nothing', 127, '/no/such/command'],
    ['a path through a file', 127, './program/command'],
    ['a relative path to nothing', 127, './nothing'],
    ['a file without permission', 126, './plain'],
    ['a file without permission that PATH finds', 126, 'plain'],
    ['a folder', 126, '/'],
    ['a folder that PATH finds', 126, 'folder'],
    ['a script whose interpreter is missing', 127, './orphan'],
    ['two words in quotes', 127, 'echo hello'],
  ])('%s ends with %i', async ([, status, command], { stage, expect }) => {
    script(stage, 'program');
    script(stage, 'plain', { mode: 0o644 });
    mkdirSync(join(stage.folder, 'folder'));
    script(stage, 'orphan', { text: '#!/no/such/interpreter\n' });
    const wrapper = stage.run([command], { env: { PATH: `/usr/bin:${stage.folder}` } });
    expect(await wrapper.exit).toEqual({ status, signal: null });
    await wrapper.closed;
    expect(wrapper.lines).toEqual([expect.stringContaining(JSON.stringify(command))]);
    expect(stage.lockFile.exists).toBe(false);
  });

  test('a folder that we may not look into ends with 126', async ({ stage, expect }) => {
    script(stage, 'closed/program');
    chmodSync(join(stage.folder, 'closed'), 0o600);
    const before = ['setpriv', '--reuid', '12345', '--clear-groups'];
    const wrapper = stage.run(['closed/program'], { before });
    expect(await wrapper.exit).toEqual({ status: 126, signal: null });
    expect(stage.lockFile.exists).toBe(false);
  });
});

describe('found as a shell finds it:', () => {
  test.concurrent.for<[string, string, string | undefined]>([
    ['a relative path', './program', '/bin'],
    ['a relative path with a folder', 'bin/program', '/bin'],
    ['a name, PATH beginning with an empty part', 'program', ':/bin'],
    ['a name, PATH ending with an empty part', 'program', '/bin:'],
    ['a name, PATH with an empty part inside', 'program', '/bin::/sbin'],
    ['a name, the current folder in PATH', 'program', '.'],
    ['a name that an earlier folder has without permission', 'program', 'first:.'],
    ['a name that an earlier folder has as a folder', 'program', 'second:.'],
    ['a name, a file in PATH', 'program', 'program:.'],
    ['a script without #!', 'bare', '.'],
  ])('%s', async ([, command, path], { stage, expect }) => {
    for (const name of ['program', 'bin/program']) script(stage, name);
    script(stage, 'first/program', { mode: 0o644 });
    mkdirSync(join(stage.folder, 'second/program'), { recursive: true });
    script(stage, 'bare', { text: 'exit 5\n' });
    const wrapper = stage.run([command], { env: { PATH: path } });
    expect(await wrapper.exit).toEqual({ status: 5, signal: null });
  });

  test('a name without any PATH', async ({ stage, expect }) => {
    const wrapper = stage.run(['sh', '-c', 'exit 5'], { env: { PATH: undefined } });
    expect(await wrapper.exit).toEqual({ status: 5, signal: null });
  });
});

describe('after the lock was won', () => {
  test('a CMD that was removed while we stood by ends with 127', async ({ stage, expect }) => {
    script(stage, 'program');
    const holder = stage.run(['sh', '-c', 'echo ready; read -r _']);
    await holder.line(/^ready$/);
    const standby = stage.run(['./program']);
    await standby.line(/standing by/);
    rmSync(join(stage.folder, 'program'));
    holder.stdin.write('\n');
    expect(await standby.exit).toEqual({ status: 127, signal: null });
    expect(stage.lockFile.record).toMatchObject({ holder: '', transitions: 1 });
  });

  test('a CMD whose interpreter was removed meanwhile ends with 127', async ({ stage, expect }) => {
    script(stage, 'interpreter');
    script(stage, 'program', { text: `#!${join(stage.folder, 'interpreter')}\n` });
    const holder = stage.run(['sh', '-c', 'echo ready; read -r _']);
    await holder.line(/^ready$/);
    const standby = stage.run(['./program']);
    await standby.line(/standing by/);
    rmSync(join(stage.folder, 'interpreter'));
    holder.stdin.write('\n');
    expect(await standby.exit).toEqual({ status: 127, signal: null });
    expect(stage.lockFile.holder).toBe('');
  });
});
