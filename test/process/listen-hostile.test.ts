/** Renewals keep their schedule whatever the clients of --listen do: measured where the writes arrive. */
import { program } from '../support/program-under-test.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfig } from '../kube/fixtures.ts';
import { startApiServer } from '../support/api-server.ts';
import { probes, urlOf } from './support/http.ts';
import { until } from './support/proc.ts';
import { fixture, test, type Stage } from './support/stage.ts';

const retryMs = 250;
const timings = ['--lease-duration', '15', '--renew-deadline', '10', '--retry-period', '0.25'];
/** How late a renewal may be where the clients use up the processors; it is lost after 10 s. */
const lateMs = 250;
/** In a second: 500, and some where the seconds of two processes differ. */
const mostAnswers = 750;
const renewals = 20;
const habits = ['flood', 'pipeline', 'stall', 'fat', 'pour', 'deaf'];

/** A leader, and when its renewals arrive at the server. */
async function leaderOn(stage: Stage) {
  const server = await startApiServer();
  stage.atEnd(() => void server.close());
  const arrivals: number[] = [];
  server.admits = ({ method }) => {
    if (method === 'PUT') arrivals.push(performance.now());
    return true;
  };
  const file = join(stage.folder, 'kubeconfig');
  writeFileSync(file, kubeconfig(server.url, { token: 'secret' }));
  const place = ['--kubeconfig', file, '--namespace', 'default', '--lock', 'job'];
  const flags = [...place, '--listen', '127.0.0.1:0', ...timings];
  const leader = stage.start([...program, 'run', ...flags, '--', 'sleep', '600']);
  const url = await urlOf(leader);
  /** How late the latest of the next renewals is. */
  const latenessMs = async (): Promise<number> => {
    const first = arrivals.length;
    await until(() => arrivals.length >= first + renewals, 20_000);
    const times = arrivals.slice(first);
    return Math.max(...times.slice(1).map((time, index) => time - times[index]! - retryMs));
  };
  return { url, latenessMs };
}

test.for(habits)(
  '200 clients that %s delay no renewal, and no probe',
  async (habit, { stage, expect }) => {
    const { url, latenessMs } = await leaderOn(stage);
    const client = stage.start([process.execPath, fixture('annoy.js'), new URL(url).port, habit]);
    await client.line(/^\d+$/);
    // What clients do they do all the time; a busy machine is late now and then.
    let late = Infinity;
    for (let look = 0; look < 3 && late >= lateMs; look += 1) late = await latenessMs();
    expect(await probes(url)).toEqual([200, 200, 200]);
    expect(Math.max(...client.lines.map(Number))).toBeLessThan(mostAnswers);
    expect(late).toBeLessThan(lateMs);
  },
);
