/** The examples of fencing outside of Kubernetes: a real PostgreSQL, an object store with If-Match, a file. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { need } from './support/stage.ts';
import { until } from './support/proc.ts';

const examples = join(import.meta.dirname, '../../examples');
const folder = mkdtempSync(join(tmpdir(), 'k8s-leader-fencing-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

/** Runs an example in the term of that token. */
function inTerm(
  token: number,
  [script = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const variables = {
    PATH: process.env['PATH'],
    LEADER_FENCING_TOKEN: String(token),
    ...env,
  };
  return new Promise((resolve) => {
    execFile(join(examples, script), args, { env: variables }, (error, _, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stderr });
    });
  });
}

/** Writes of many terms at once; the newest of them. */
async function race(write: (token: number) => Promise<Ended>): Promise<number> {
  const tokens = Array.from({ length: 12 }, (_, index) => 1_000 + ((index * 5) % 12));
  const ends = await Promise.all(tokens.map(write));
  const newest = Math.max(...tokens);
  expect(ends[tokens.indexOf(newest)]).toMatchObject({ code: 0 });
  for (const { code, stderr } of ends) expect([0, 1], stderr).toContain(code);
  return newest;
}

describe('PostgreSQL', () => {
  const programs = '/usr/lib/postgresql/15/bin';
  const sockets = join(folder, 'sockets');
  const env = { PGHOST: sockets, PGUSER: 'postgres', PGDATABASE: 'postgres' };
  let server: ReturnType<typeof spawn> | undefined;

  const sql = (text: string, ...flags: readonly string[]) =>
    execFileSync('psql', ['-qAtX', ...flags, '-c', text], {
      env: { ...env, PATH: process.env['PATH'] },
      encoding: 'utf8',
    }).trim();

  beforeAll(async () => {
    if (!existsSync(programs)) throw new Error('this test needs postgresql-15: install it');
    need('setpriv', 'psql');
    const asPostgres = ['--reuid=postgres', '--regid=postgres', '--clear-groups'];
    execFileSync('mkdir', [sockets]);
    execFileSync('chmod', ['755', folder]);
    execFileSync('chown', ['postgres:', sockets]);
    const data = join(sockets, 'data');
    const initdb = [`${programs}/initdb`, '--no-sync', '--no-locale', '--auth=trust', '-D', data];
    execFileSync('setpriv', [...asPostgres, ...initdb]);
    const options = ['-D', data, '-k', sockets, '-c', 'listen_addresses=', '-c', 'fsync=off'];
    server = spawn('setpriv', [...asPostgres, `${programs}/postgres`, ...options], {
      stdio: 'ignore',
    });
    const isReady = () => {
      try {
        execFileSync(`${programs}/pg_isready`, ['-q', '-h', sockets]);
        return true;
      } catch {
        return false;
      }
    };
    await until(isReady);
    execFileSync('psql', ['-qX', '-f', join(examples, 'fencing/postgresql.sql')], {
      env: { ...env, PATH: process.env['PATH'] },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => server?.once('exit', resolve));
    // At once: nobody needs the data any more.
    server?.kill('SIGQUIT');
    await ended;
  });

  const write = (token: number, id: string, body = `by ${String(token)}`) =>
    inTerm(token, ['fencing/postgresql.sh', id, body], env);

  test('a former leader changes nothing', async () => {
    expect(await write(7, '1', "it's new")).toEqual({ code: 0, stderr: '' });
    expect(await write(6, '1')).toEqual({
      code: 1,
      stderr: 'a later leader has written report 1: not written\n',
    });
    expect(await write(7, '1', 'newer')).toEqual({ code: 0, stderr: '' });
    expect(sql('SELECT body, token FROM reports WHERE id = 1')).toBe('newer|7');
  });

  test('of writes that race, the newest stays', async () => {
    const newest = await race((token) => write(token, '2'));
    expect(sql('SELECT token FROM reports WHERE id = 2')).toBe(String(newest));
  });

  test('the trigger refuses whoever does not compare', async () => {
    await write(7, '3');
    expect(() => sql('UPDATE reports SET token = 6 WHERE id = 3', '-v', 'VERBOSITY=terse')).toThrow(
      'token 6 is older than 7, so its writer has a successor',
    );
    expect(sql('SELECT token FROM reports WHERE id = 3')).toBe('7');
  });
});

describe('an object store', () => {
  interface Stored {
    readonly body: Buffer;
    readonly etag: string;
    readonly token: string;
  }
  const objects = new Map<string, Stored>();
  const answers: number[] = [];
  /** Compares and stores without a pause in between, as such stores do. */
  const put = (incoming: IncomingMessage, body: Buffer): number => {
    const key = incoming.url ?? '';
    const { 'if-match': match, 'if-none-match': noneMatch } = incoming.headers;
    const found = objects.get(key);
    if (noneMatch === '*' && found) return 412;
    if (match !== undefined && match !== found?.etag) return found ? 412 : 404;
    const token = String(incoming.headers['x-amz-meta-fencing-token']);
    const hash = createHash('md5').update(`${token} `).update(body);
    objects.set(key, { body, etag: `"${hash.digest('hex')}"`, token });
    return 200;
  };
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(incoming);
    const found = objects.get(incoming.url ?? '');
    if (incoming.method === 'PUT') {
      const status = put(incoming, body);
      answers.push(status);
      response.writeHead(status).end();
    } else if (!found) response.writeHead(404).end();
    else {
      response.writeHead(200, { ETag: found.etag, 'X-Amz-Meta-Fencing-Token': found.token });
      response.end(incoming.method === 'HEAD' ? undefined : found.body);
    }
  };
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy());
  });
  let url: string;

  beforeAll(async () => {
    need('curl', 'sed', 'tr');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const write = (token: number, key: string) => {
    const file = join(folder, `body-${String(token)}`);
    writeFileSync(file, `by ${String(token)}`);
    return inTerm(token, ['fencing/object-store.sh', `${url}/${key}`, file]);
  };

  test('a former leader changes nothing', async () => {
    expect(await write(7, 'one')).toEqual({ code: 0, stderr: '' });
    expect(await write(6, 'one')).toEqual({
      code: 1,
      stderr: 'token 6 is older than 7: not written\n',
    });
    expect(await write(7, 'one')).toEqual({ code: 0, stderr: '' });
    expect(objects.get('/one')?.body.toString()).toBe('by 7');
  });

  test('of writes that race, the newest stays', async () => {
    const newest = await race((token) => write(token, 'two'));
    expect(objects.get('/two')).toMatchObject({ token: String(newest) });
  });

  test('what is neither there nor missing is an error', async () => {
    const gone = 'http://127.0.0.1:9/nowhere';
    const { code, stderr } = await inTerm(7, ['fencing/object-store.sh', gone, '/dev/null']);
    expect(code).not.toBe(0);
    expect(stderr).not.toBe('');
  });
});

describe('a file', () => {
  test('of writes that race, the newest stays', async () => {
    need('flock');
    const file = join(folder, 'report');
    const newest = await race((token) =>
      inTerm(token, ['scripts/fenced-write.sh', file, `by ${String(token)}`]),
    );
    expect(readFileSync(file, 'utf8')).toBe(`by ${String(newest)}\n`);
    expect(await inTerm(newest - 1, ['scripts/fenced-write.sh', file, 'late'])).toMatchObject({
      code: 1,
    });
  });
});
