/** What `doctor` looks at on this machine: programs, init, the file of a local lock. */
import { findCommand } from '../../child/command.ts';
import { keeperProblem } from '../../child/keeper-problem.ts';
import { exitCode } from '../../exit-code.ts';
import { demand, exists, isFile, readNow } from '../../platform/files-now.ts';
import { basename, dirname, resolve } from '../../platform/paths.ts';
import { look } from '../follow.ts';
import type { Container } from '../../takeover/container.ts';
import { ill, illness, open, well, type Finding, type Findings } from './finding.ts';
import type { DoctorPlan, DoctorPorts } from './target.ts';

export async function* checkPlace(
  { env, command, takeoverOnExit }: DoctorPlan,
  { pid, isOneFile, findKeeper }: DoctorPorts,
): Findings {
  const problem = keeperProblem(findKeeper);
  yield problem === undefined
    ? well('keeper', 'CMD and all that it starts end with us')
    : ill(
        'keeper',
        `CMD would outlive a killed or frozen wrapper: ${problem}`,
        'see "Without a keeper" in docs/install.md',
      );
  yield checkInit(pid, isOneFile);
  if (takeoverOnExit) {
    const { hereContainer } = await import('../../takeover/takeover.ts');
    yield judgeContainer(hereContainer(), isWritable);
  }
  if (command === undefined) return;
  try {
    yield well('command', findCommand(command, env['PATH']));
  } catch (thrown) {
    yield illness('command', thrown);
  }
  await Promise.resolve();
}

/** Where we are PID 1, or the wrapper that runs beside us is. */
function checkInit(pid: number, isOneFile: boolean) {
  const remedy = 'put an init such as tini in front of it';
  if (pid === 1 && isOneFile) return well('init', 'this is PID 1, and reaps what it inherits');
  if (pid === 1)
    return ill('init', 'this is PID 1: zombies are not reaped, an early signal is lost', remedy);
  const first = firstProcess();
  const [program = '', script = ''] = first ?? [];
  if (program === '') return open('init', 'cannot see which process is PID 1');
  if (basename(program).startsWith('node') && script.includes('k8s-leader'))
    return ill('init', 'k8s-leader is PID 1 here: zombies are not reaped', remedy);
  return well('init', `PID 1 is ${basename(program)}`);
}

/** Whether the end of this container proves that everything in it is over, and can be certified. */
export function judgeContainer(
  container: Container,
  isWritable: (path: string) => boolean,
): Finding {
  const about = 'takeover';
  const lost = 'a crash here costs a lease';
  if (container.kind === 'unfit') {
    const remedy = 'see "Taking over at once" in docs/deployment.md';
    return ill(about, `${lost}: ${container.why}`, remedy);
  }
  const { name, file } = container;
  if (isWritable(file))
    return well(about, `the kubelet certifies the end of container ${name} by ${file}`);
  const remedy = 'let this user write to the file of terminationMessagePath';
  return ill(about, `${lost}: no permission to write to ${file}`, remedy);
}

function firstProcess(): string[] | undefined {
  try {
    return readNow('/proc/1/cmdline').toString().split('\0');
  } catch {
    return undefined;
  }
}

export async function* checkLocalFile(plan: DoctorPlan, ports: DoctorPorts): Findings {
  const about = 'lock file';
  try {
    const { defaultLocalFile } = await import('../../locks/local.ts');
    const file = resolve(plan.localFile ?? defaultLocalFile(plan.env));
    if (!exists(file)) {
      yield await whereItWouldBeMade(file);
      return;
    }
    // Reading needs less. A candidate writes to the file and beside it.
    const closed = [file, dirname(file)].find((path) => !isWritable(path));
    if (closed !== undefined) {
      yield unwritable(`${file} cannot be used`, closed);
      return;
    }
    const { openLock } = await import('../../locks/index.ts');
    const { lock } = await openLock(plan, ports.signal);
    const seen = await look({ lock, ...ports, requestTimeoutMs: plan.requestTimeoutMs });
    const { holder } = seen?.record ?? {};
    yield well(about, holder ? `${file}, the lock is held by ${JSON.stringify(holder)}` : file);
  } catch (thrown) {
    yield illness(about, thrown);
  }
}

/** A candidate would make it, and its folders; a doctor does not, who may be another user. */
async function whereItWouldBeMade(file: string): Promise<Finding> {
  const { refuseOpenFolder } = await import('../../locks/local-place.ts');
  let folder = dirname(file);
  while (!exists(folder)) folder = dirname(folder);
  if (!isWritable(folder)) return unwritable(`${file} cannot be made`, folder);
  // What the candidate makes is for its owner alone.
  if (folder === dirname(file)) await refuseOpenFolder(file, folder);
  return well('lock file', `${file}, which the first candidate creates`);
}

function isWritable(path: string): boolean {
  try {
    if (isFile(path)) demand(path, 'write');
    else demand(path, 'write', 'execute');
    return true;
  } catch {
    return false;
  }
}

/** With the status that `run` ends with there. */
function unwritable(text: string, path: string): Finding {
  const remedy = 'choose a file in a folder that you may write to with --local-file';
  const why = `no permission to write to ${path}`;
  return ill('lock file', `${text}: ${why}`, remedy, exitCode.unavailable);
}
