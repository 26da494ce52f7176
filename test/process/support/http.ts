/** A wrapper's own server, asked as probes ask. */
import type { Status } from '../../../src/observe/status.ts';
import type { Program } from './program.ts';

export interface Probed {
  readonly status: number;
  readonly body: string;
}

/** Of a wrapper that listens on 127.0.0.1, once it says so. */
export async function urlOf(wrapper: Program): Promise<string> {
  return wrapper.line(/listening on (http:\S+)/);
}

export async function probe(url: string, path: string, timeoutMs = 60_000): Promise<Probed> {
  const answer = await fetch(url + path, { signal: AbortSignal.timeout(timeoutMs) });
  return { status: answer.status, body: (await answer.text()).trimEnd() };
}

/** What `/livez`, `/readyz` and `/leader` answer. */
export async function probes(
  url: string,
  timeoutMs?: number,
): Promise<[live: number, ready: number, leads: number]> {
  const [live, ready, leads] = await Promise.all(
    ['/livez', '/readyz', '/leader'].map((path) => probe(url, path, timeoutMs)),
  );
  return [live!.status, ready!.status, leads!.status];
}

export async function statusOf(url: string): Promise<Status> {
  return JSON.parse((await probe(url, '/status')).body) as Status;
}

/** Asks until the status is as wanted. */
export async function statusOnce(
  url: string,
  isWanted: (status: Status) => boolean,
): Promise<Status> {
  for (;;) {
    const status = await statusOf(url);
    if (isWanted(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
