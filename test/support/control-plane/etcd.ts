/** The etcd of a test cluster: on loopback, usually of one member, with nothing that costs time. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import type { Reaper } from './reaper.ts';
import { serverProcess, type ServerProcess } from './server-process.ts';

/** One member and where its clients find it. */
export interface EtcdMember {
  readonly member: ServerProcess;
  readonly port: number;
  readonly url: string;
}

export interface EtcdParts {
  readonly folder: string;
  readonly file: string;
  readonly reaper: Reaper;
  readonly members: number;
}

/** Describes the members and where they will listen; does not start them. They get ready together. */
export async function etcdIn(parts: EtcdParts): Promise<EtcdMember[]> {
  const names = Array.from({ length: parts.members }, (_, index) => `etcd-${index + 1}`);
  const places = await distinctPlaces(names);
  const cluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  return Promise.all(places.map((place) => memberAt(parts, place, cluster)));
}

interface Place {
  readonly name: string;
  readonly port: number;
  readonly peerUrl: string;
}

async function distinctPlaces(names: readonly string[]): Promise<Place[]> {
  const ports = new Set<number>();
  while (ports.size < 2 * names.length) ports.add(await freePort());
  const all = [...ports];
  return names.map((name, index) => ({
    name,
    port: all[2 * index]!,
    peerUrl: `http://127.0.0.1:${all[2 * index + 1]}`,
  }));
}

async function memberAt(
  { folder, file, reaper, members }: EtcdParts,
  { name, port, peerUrl }: Place,
  cluster: string,
): Promise<EtcdMember> {
  const home = join(folder, name);
  await mkdir(home);
  const url = `http://127.0.0.1:${port}`;
  // A single member wins every election, only later with the usual timings, which several need on a busy machine.
  const swift = ['--heartbeat-interval=20', '--election-timeout=200'];
  const member = serverProcess({
    file,
    logFile: join(home, 'log'),
    reaper,
    args: [
      `--name=${name}`,
      `--data-dir=${join(home, 'data')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=${cluster}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
      ...(members === 1 ? swift : []),
    ],
    async isReady() {
      const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1000) });
      return answer.ok;
    },
  });
  return { member, port, url };
}
