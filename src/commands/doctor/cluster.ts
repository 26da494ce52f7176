/** What `doctor` asks of the cluster: the way there, who we are, what we may do, and how long an answer takes. */
import { formatDuration } from '../../duration.ts';
import { asFault } from '../../election/lock.ts';
import { answerFault } from '../../kube/answer.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Answer } from '../../kube/exchange.ts';
import { isObject } from '../../kube/json.ts';
import { podNameClaim } from '../fence-policy.ts';
import { checkFence } from './fence.ts';
import { ill, illness, open, well, type Finding, type Findings } from './finding.ts';
import { checkLock } from './lock.ts';
import { checkPermissions } from './permissions.ts';
import { checkGracePeriod } from './pod.ts';
import { ask, at, type DoctorPlan, type DoctorPorts, type Target } from './target.ts';

export async function* checkCluster(plan: DoctorPlan, ports: DoctorPorts): Findings {
  const { loadCluster } = await import('../../kube/config.ts');
  const { connect } = await import('../../kube/connection.ts');
  const { chooseNamespace } = await import('../../kube/config.ts');
  let cluster: Cluster;
  let namespace: string;
  try {
    cluster = await loadCluster({ ...plan, signal: ports.signal });
    const { namespace: flag, env } = plan;
    namespace = chooseNamespace({ flag, env, cluster: cluster.namespace });
  } catch (thrown) {
    yield illness('configuration', thrown);
    return;
  }
  yield well('configuration', `${cluster.describe}, namespace ${namespace}`);

  const connection = connect(cluster, plan);
  try {
    yield* examine({ plan, ports, connection, namespace });
  } finally {
    connection.close();
  }
}

async function* examine(target: Target): Findings {
  const { clock } = target.ports;
  const askedMs = clock.wall();
  let answer: Answer;
  try {
    answer = await ask(target, 'GET', '/version');
    if (answer.status === 401) throw refusal(target, answer, 'version');
  } catch (thrown) {
    yield illness('server', asFault(thrown));
    return;
  }
  const midwayMs = (askedMs + clock.wall()) / 2;
  yield checkServer(target, answer);
  yield await checkTls(target);
  const { finding, pod } = await checkIdentity(target);
  yield finding;
  const missing = yield* checkPermissions(target);
  yield* checkLock(target, missing);
  yield* checkFence(target, pod);
  yield checkClock(answer, midwayMs);
  yield await checkRoundTrips(target);
  yield* checkGracePeriod(target);
}

/** What is wrong with an answer to what no Role has to grant. */
function refusal({ connection: { cluster }, namespace }: Target, answer: Answer, resource: string) {
  return answerFault(answer, { verb: 'get', apiGroup: '', resource, namespace }, cluster);
}

function checkServer({ connection }: Target, { status, body }: Answer): Finding {
  const { host } = connection.cluster.server;
  const version = isObject(body) ? body['gitVersion'] : undefined;
  if (status === 200 && typeof version === 'string') return well('server', `${host}, ${version}`);
  if (status === 403) return well('server', `${host}; we may not see its version`);
  return ill(
    'server',
    `${host} answers ${String(status)}, unlike an API server`,
    'check its address',
  );
}

async function checkTls({ connection: { cluster }, ports }: Target): Promise<Finding> {
  if (cluster.server.protocol === 'http:')
    return open('TLS', 'none: nobody is authenticated, and no credentials are sent', 'use https');
  const { tls } = await cluster.access('cached', ports.signal);
  return tls.rejectUnauthorized === false
    ? open('TLS', 'the certificate of the server is not verified', 'configure its CA')
    : well('TLS', `the certificate is valid for ${tls.servername ?? cluster.server.hostname}`);
}

/** Who we are to the server, and the Pod that our token is bound to, if any. */
async function checkIdentity(
  target: Target,
): Promise<{ readonly finding: Finding; readonly pod?: string | undefined }> {
  const holder = `shown as the holder ${JSON.stringify(target.plan.identity)}`;
  const apiVersion = 'authentication.k8s.io/v1';
  try {
    const review = { apiVersion, kind: 'SelfSubjectReview' };
    const path = `/apis/${apiVersion}/selfsubjectreviews`;
    const { status, body } = await ask(target, 'POST', path, review);
    const user = at(body, 'status', 'userInfo');
    const name = at(user, 'username');
    if (status < 300 && typeof name === 'string') {
      const pods = at(user, 'extra', podNameClaim);
      const pod: unknown = Array.isArray(pods) ? pods[0] : undefined;
      const finding = well('identity', `${name}, ${holder}`);
      return { finding, pod: typeof pod === 'string' ? pod : undefined };
    }
  } catch (thrown) {
    return { finding: illness('identity', asFault(thrown)) };
  }
  return { finding: open('identity', `the server does not say who we are; ${holder}`) };
}

/** Election counts by its own clock; only what people read depends on this one. */
function checkClock({ headers }: Answer, midwayMs: number): Finding {
  // The header has whole seconds, cut off.
  const offMs = midwayMs - (Date.parse(headers.date ?? '') + 500);
  if (Number.isNaN(offMs)) return open('clock', 'the server does not send its time');
  if (Math.abs(offMs) < 2_000) return well('clock', 'agrees with the server to within two seconds');
  const direction = offMs > 0 ? 'ahead of' : 'behind';
  return open(
    'clock',
    `${formatDuration(Math.abs(offMs))} ${direction} the server: elections are unaffected; logs and --try may be`,
    'set it',
  );
}

async function checkRoundTrips(target: Target): Promise<Finding> {
  const { clock } = target.ports;
  const { retryPeriodMs } = target.plan.timing;
  const times: number[] = [];
  try {
    for (let round = 0; round < 5; round += 1) {
      const sentMs = clock.now();
      await ask(target, 'GET', '/version');
      times.push(clock.now() - sentMs);
    }
  } catch (thrown) {
    return illness('round trip', asFault(thrown));
  }
  const medianMs = times.sort((one, other) => one - other)[2] ?? 0;
  const text = `${formatDuration(Math.max(medianMs, 1))} (median of 5)`;
  return medianMs <= retryPeriodMs / 2
    ? well('round trip', `${text}, a renewal every ${formatDuration(retryPeriodMs)}`)
    : ill(
        'round trip',
        `${text} is more than half of the retry period (${formatDuration(retryPeriodMs)})`,
        'raise --retry-period, --renew-deadline and --lease-duration',
      );
}
