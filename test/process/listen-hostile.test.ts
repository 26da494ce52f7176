/** Renewals go on, and probes are answered, whatever the clients of --listen do. */
import { program } from '../support/program-under-test.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfig } from '../kube/fixtures.ts';
import { startApiServer } from '../support/api-server.ts';
import { probes, urlOf } from './support/http.ts';
import { until } from './support/proc.ts';
import { fixture, test, type Stage } from './support/stage.ts';

const timings = ['--lease-duration', '15', '--renew-deadline', '10', '--retry-period', '0.25'];
const renewals = 20;
const habits = ['flood', 'rush', 'pipeline', 'stall', 'fat', 'pour', 'deaf'];

/** A leader, and how many renewals of it have arrived at the server. */
async function leaderOn(stage: Stage) {
  const server = await startApiServer();
  stage.atEnd(() => void server.close());
  let arrived = 0;
  server.admits = ({ method }) => {
    if (method === 'PUT') arrived += 1;
    return true;
  };
  const file = join(stage.folder, 'kubeconfig');
  writeFileSync(file, kubeconfig(server.url, { token: 'secret' }));
  const place = ['--kubeconfig', file, '--namespace', 'default', '--lock', 'job'];
  const flags = [...place, '--listen', '127.0.0.1:0', ...timings];
  const leader = stage.start([...program, 'run', ...flags, '--', 'sleep', '600']);
  const url = await urlOf(leader);
  const renewed = async (): Promise<void> => {
    const before = arrived;
    await until(() => arrived >= before + renewals);
  };
  return { leader, url, renewed };
}

test.for(habits)(
  'clients that %s cost no renewal, and no probe',
  async (habit, { stage, expect }) => {
    const { leader, url, renewed } = await leaderOn(stage);
    const client = stage.start([process.execPath, fixture('annoy.js'), new URL(url).port, habit]);
    await client.line(/^\d+$/);
    for (let round = 0; round < 10; round += 1) expect(await probes(url)).toEqual([200, 200, 200]);
    await renewed();
    expect(leader.stderr).not.toMatch(/lost/);
    expect(client.lines.length).toBeGreaterThan(1);
  },
);
