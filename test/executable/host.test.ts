/** What each port promises (test/platform), inside of the host: each claim in a process of its own. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { claims } from '../platform/claims.ts';
import { makePlace } from '../platform/place.ts';

const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-claims-'));
const program = join(folder, 'claims');

beforeAll(() => {
  const args = ['scripts/executable.js', 'test/platform/on-host.ts', program];
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it.each(claims.map(({ name }) => name))('%s', async (name) => {
  const place = await makePlace();
  try {
    const { stderr } = await promisify(execFile)(program, [name, JSON.stringify(place)]);
    expect(stderr).toBe('');
  } finally {
    await place.end();
  }
});
