/**
 * What CMD finds beside arguments and environment is what it would have found without us, as far as the runtime leaves
 * it to us: docs/reference.md says what Node takes away.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'vitest';
import { executable } from '../support/program-under-test.ts';
import { quoted, test, type RunOptions, type Stage } from './support/stage.ts';

/** What `command` prints when a shell has prepared the wrapper by `script`, whose `"$@"` runs it. */
async function printed(
  stage: Stage,
  script: string,
  command: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const wrapper = stage.run(command, { ...options, before: ['bash', '-c', script, 'bash'] });
  await wrapper.closed;
  return wrapper.stdout;
}

/** Every byte that may be in a string of the system. */
const everyByte = Array.from({ length: 255 }, (_, index) => index + 1);
const digits = (byte: number) => byte.toString(16).padStart(2, '0');
const hexadecimal = (bytes: readonly number[]) => bytes.map(digits).join('');
/** For bash, between `$'` and `'`. */
const escapes = (bytes: readonly number[]) => bytes.map((byte) => `\\x${digits(byte)}`).join('');

describe('every byte from 1 to 255 arrives', () => {
  const toHexadecimal = `od -An -v -tx1 | tr -d ' \\n'`;

  test('in an argument', async ({ stage, expect }) => {
    const script = `"$@" $'${escapes(everyByte)}'`;
    const print = ['sh', '-c', `printf %s "$1" | ${toHexadecimal}`, 'sh'];
    expect(await printed(stage, script, print)).toBe(hexadecimal(everyByte));
  });

  test('in a variable', async ({ stage, expect }) => {
    const script = `export BYTES=$'${escapes(everyByte)}'; "$@"`;
    const print = ['sh', '-c', `printf %s "$BYTES" | ${toHexadecimal}`];
    expect(await printed(stage, script, print)).toBe(hexadecimal(everyByte));
  });

  test('in the name of a variable', async ({ stage, expect }) => {
    const name = everyByte.filter((byte) => byte !== '='.charCodeAt(0));
    const script = `env $'${escapes(name)}=odd' "$@"`;
    const found = await printed(stage, script, ['od', '-An', '-v', '-tx1', '/proc/self/environ']);
    expect(found.replaceAll(/\s/g, '')).toContain(hexadecimal(name));
  });
});

describe('descriptors above 2', () => {
  const links = (numbers: readonly number[]) => [
    'sh',
    '-c',
    `for fd; do readlink /proc/$$/fd/$fd || echo none; done`,
    'sh',
    ...numbers.map(String),
  ];

  test('arrive where they were: with Node the high ones alone', async ({ stage, expect }) => {
    const [low, high] = ['low', 'high'].map((name) => {
      const file = join(stage.folder, name);
      writeFileSync(file, name);
      return file;
    }) as [string, string];
    const script = `exec 3<${quoted([low])} 200<${quoted([high])}; "$@"`;
    const found = await printed(stage, script, links([3, 200]));
    expect(found).toBe(`${executable === undefined ? 'none' : low}\n${high}\n`);
  });

  test('can be read', async ({ stage, expect }) => {
    const script = 'exec 200< <(printf "from a pipe"); "$@"';
    expect(await printed(stage, script, ['sh', '-c', 'cat /proc/self/fd/200'])).toBe('from a pipe');
  });

  test('that are ours are not among them', async ({ stage, expect }) => {
    const list = ['ls', '/proc/self/fd'];
    const bare = stage.start(list);
    const wrapper = stage.run(list);
    await Promise.all([bare.closed, wrapper.closed]);
    expect(wrapper.stdout).toBe(bare.stdout);
  });
});

describe('the limit of open files', () => {
  const print = ['sh', '-c', 'ulimit -Sn; ulimit -Hn'];

  test('is that of the shell that calls us', async ({ stage, expect }) => {
    const script = 'ulimit -Sn 123; ulimit -Hn 456; "$@"; exit';
    expect(await printed(stage, script, print)).toBe('123\n456\n');
  });

  test('is the hard one where that shell has become Node, which raises it', async ({
    stage,
    expect,
  }) => {
    const script = 'ulimit -Sn 123; ulimit -Hn 456; exec "$@"';
    const soft = executable === undefined ? '456' : '123';
    expect(await printed(stage, script, print)).toBe(`${soft}\n456\n`);
  });
});

test('signals that our caller ignores are ignored, but not below Node', async ({
  stage,
  expect,
}) => {
  const script = 'trap "" HUP USR2; "$@"; exit';
  const found = await printed(stage, script, ['grep', 'SigIgn', '/proc/self/status']);
  const mask = executable === undefined ? 0 : (1 << 0) | (1 << 11);
  expect(found).toBe(`SigIgn:\t${mask.toString(16).padStart(16, '0')}\n`);
});

test('a stdin that is closed is /dev/null', async ({ stage, expect }) => {
  const found = await printed(stage, 'exec "$@" <&-', ['readlink', '/proc/self/fd/0']);
  expect(found).toBe('/dev/null\n');
});
