import { loadAllYaml, loadYaml } from '@kubernetes/client-node/dist/yaml.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { yamlOf } from '../../src/commands/yaml.ts';

/** All that steers a terminal, or hides in it, but for the line feeds between lines. */
const unprintable = /[^\n\P{Cc}]|[\p{Cf}\p{Zl}\p{Zp}]/u;

it('escapes what a terminal would act upon, and says the same', async () => {
  const holder = 'a\u202eb\u2066\u200b\u0007\u001b[2J\u2028\u{e0001}\u007f\u0085"\\';
  const text = await yamlOf({ holder, list: [{ holder }], fine: 'größe λ 🦊' });
  expect(text).not.toMatch(unprintable);
  expect(text).toContain(
    'holder: "a\\u202eb\\u2066\\u200b\\u0007\\u001b[2J\\u2028\\U000e0001\\u007f',
  );
  expect(text).toContain('fine: größe λ 🦊\n');
  expect(loadYaml(text)).toEqual({ holder, list: [{ holder }], fine: 'größe λ 🦊' });
});

it('writes what is harmless as it ever did', async () => {
  expect(await yamlOf({ a: 'x', b: null, c: [1, 'y'], d: 'two\nlines\n' }, { e: {} })).toBe(
    "a: x\nb: null\nc:\n  - 1\n  - 'y'\nd: |\n  two\n  lines\n---\ne: {}\n",
  );
});

it('does not confuse a text with a mark of its own', async () => {
  const objects = [{ a: 'escaped0.', b: 'escapedd0.', c: '\u202e' }, { d: '\u202d' }];
  expect(loadAllYaml(await yamlOf(...objects))).toEqual(objects);
});

it('says the same, and harmlessly, whatever the text', async () => {
  const text = fc.string({
    maxLength: 8,
    unit: fc.oneof(
      fc.constantFrom('\u202e', '\r', '\n', ' ', '"', '\\', 'escaped0.'),
      fc.string({ unit: 'binary' }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(text, async (holder) => {
      const yaml = await yamlOf({ holder });
      expect(yaml).not.toMatch(unprintable);
      expect(loadYaml(yaml)).toEqual({ holder });
    }),
  );
});
