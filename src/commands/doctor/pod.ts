/** Whether the kubelet leaves CMD as long to stop as we would; only where we may look at our own Pod. */
import { formatDuration } from '../../duration.ts';
import { asFault } from '../../election/lock.ts';
import { ill, open, well, type Findings } from './finding.ts';
import { ask, at, type Target } from './target.ts';

/** After the command comes the release, and before it the removal of a label: what each takes at most. */
const releaseMs = 5_000;
const unlabelMs = 2_000;

export async function* checkGracePeriod(target: Target): Findings {
  const { env, stopTimeoutMs, podLabel } = target.plan;
  const neededMs = stopTimeoutMs + releaseMs + (podLabel ? unlabelMs : 0);
  const { POD_NAME: name = '', POD_NAMESPACE: namespace = '' } = env;
  const about = 'grace period';
  if (name === '' || namespace === '') {
    yield open(about, 'unknown: POD_NAME and POD_NAMESPACE do not say which Pod this is');
    return;
  }
  const [inNamespace, pod] = [namespace, name].map(encodeURIComponent);
  const path = `/api/v1/namespaces/${inNamespace ?? ''}/pods/${pod ?? ''}`;
  try {
    const { status, body } = await ask(target, 'GET', path);
    const seconds = at(body, 'spec', 'terminationGracePeriodSeconds');
    if (status === 403)
      yield open(
        about,
        'unknown: needs the verb "get" on pods',
        '`k8s-leader rbac --doctor` grants it',
      );
    else if (status !== 200 || typeof seconds !== 'number')
      yield open(
        about,
        `unknown: the server answers ${String(status)} to the question for the Pod`,
      );
    else {
      const stop = formatDuration(stopTimeoutMs);
      yield seconds * 1_000 >= neededMs
        ? well(about, `${String(seconds)}s, --stop-timeout ${stop}`)
        : ill(
            about,
            `terminationGracePeriodSeconds is ${String(seconds)}, too short for --stop-timeout ${stop}`,
            `raise it to ${String(Math.ceil(neededMs / 1_000))} at least, or lower --stop-timeout`,
          );
    }
  } catch (thrown) {
    yield open(about, `unknown: ${asFault(thrown).message}`);
  }
}
