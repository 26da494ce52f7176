/** Which path answers what. */
import { leader, livez, readyz, type Probe } from './probes.ts';
import type { View } from './state.ts';
import { statusOf } from './status.ts';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export type Endpoint = (view: View) => Page | Promise<Page>;
export type Endpoints = Readonly<Record<string, Endpoint>>;

const plain = 'text/plain; charset=utf-8';

export const probeEndpoints: Endpoints = {
  // As the leader-elector sidecar of old answers, for programs that ask it.
  '/': ({ state }) => ({
    status: 200,
    type: 'application/json',
    body: `${JSON.stringify({ name: state.leader?.identity ?? '' })}\n`,
  }),
  '/livez': (view) => probePage(livez(view)),
  '/readyz': (view) => probePage(readyz(view)),
  '/leader': (view) => probePage(leader(view)),
  '/status': (view) => ({
    status: 200,
    type: 'application/json',
    body: `${JSON.stringify(statusOf(view), null, 2)}\n`,
  }),
};

export function notFound(paths: readonly string[]): Page {
  return { status: 404, type: plain, body: `there are ${paths.join(' ')}\n` };
}

function probePage({ ok, line }: Probe): Page {
  return { status: ok ? 200 : 503, type: plain, body: `${line}\n` };
}
