import { expect, test } from 'vitest';
import { installOptions } from '../../src/commands/install.ts';
import { UsageError } from '../../src/errors.ts';

test('takes one folder', () => {
  expect(installOptions(['/volume'])).toEqual({ folder: '/volume' });
  for (const argv of [[], [''], ['/a', '/b'], ['--lock', 'demo']])
    expect(() => installOptions(argv)).toThrow(UsageError);
});

test('help fits into 80 columns', () => {
  const help = installOptions(['--help']);
  if (!('text' in help)) throw new Error('that is no text');
  expect(help.text).toMatch(/^Usage: k8s-leader install DIR\n/);
  expect(help.text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
