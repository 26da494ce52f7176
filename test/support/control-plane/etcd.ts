/** The etcd of a test cluster: one member, on loopback, with nothing that costs time. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import type { Reaper } from './reaper.ts';
import { serverProcess, type ServerProcess } from './server-process.ts';

/** Describes the server and where it will listen; does not start it. */
export async function etcdIn(
  folder: string,
  file: string,
  reaper: Reaper,
): Promise<{ etcd: ServerProcess; url: string }> {
  const home = join(folder, 'etcd');
  await mkdir(home);
  const url = `http://127.0.0.1:${await freePort()}`;
  const peerUrl = `http://127.0.0.1:${await freePort()}`;
  const etcd = serverProcess({
    file,
    logFile: join(home, 'log'),
    reaper,
    args: [
      `--data-dir=${join(home, 'data')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
      // A single member wins every election, only later with the usual timings.
      '--heartbeat-interval=20',
      '--election-timeout=200',
    ],
    async isReady() {
      const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
      return answer.ok;
    },
  });
  return { etcd, url };
}
