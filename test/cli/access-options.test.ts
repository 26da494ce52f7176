import { expect, it } from 'vitest';
import { parse } from '../../src/cli/parse.ts';
import { statusOptions } from '../../src/commands/status.ts';
import { UsageError } from '../../src/errors.ts';

const secret = 's3cret';

const refused = (...flags: string[]): UsageError => {
  try {
    parse(['run', '--lock', 'x', ...flags, '--', 'true'], {}, { version: '0' });
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(UsageError);
    return thrown as UsageError;
  }
  throw new Error('it was not refused');
};

it.each([
  [['--server', 'ftp://a'], '--server'],
  [['--server', 'a:1'], '--server'],
  [['--server', `https://me:${secret}@a`], 'has a user or a password in it'],
  [['--token', `${secret}\n`], '--token has characters in it that a token cannot have'],
  [['--token', `${secret} `], '--token has characters'],
  [['--token', `-${secret}`], '--token needs a value'],
  [['--token', secret, '--token', secret], '--token is given twice'],
  [['--token', secret, '--server', 'http://a'], 'in the clear'],
  [['--as', 'größe'], "--as 'größe'"],
  [['--as-group', 'g'], '--as-group needs --as'],
  [['--backend', 'local', '--token', secret], '--token does not work with --backend local'],
  [['--backend', 'local', '--server', 'https://a'], '--server does not work with --backend local'],
  [['--backend', 'local', '--as', 'u'], '--as does not work with --backend local'],
  [['--backend', 'local', '--insecure-skip-tls-verify'], 'does not work with --backend local'],
])('%j is refused, and no message has the secret', (flags, says) => {
  const { message, hint } = refused(...flags);
  expect(message).toContain(says);
  expect(`${message} ${hint ?? ''}`).not.toContain(secret);
});

it('the other commands know them, and their variables', () => {
  const env = { K8S_LEADER_TOKEN: secret, K8S_LEADER_SERVER: 'https://a' };
  expect(statusOptions(['--lock', 'x', '--as', 'u'], env)).toMatchObject({
    given: { token: secret, server: 'https://a', as: 'u' },
  });
});
