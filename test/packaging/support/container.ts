/** A container without a container runtime: namespaces, a root of its own, another user; the way it is asked for in a pod. */
import { join } from 'node:path';
import { argvOf, descendantsOf } from '../../process/support/proc.ts';
import { Program } from '../../process/support/program.ts';
import { which, type Image } from './image.ts';

export class Container extends Program {
  /** With the given arguments in place of the image's own, and with a folder that appears as /tmp/volume. */
  constructor({ root, config }: Image, args: readonly string[] = config.Cmd, volume = '') {
    if (config.WorkingDir !== '/') throw new Error('chroot starts in /, the image does not');
    const namespaces = ['unshare', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child'];
    // As readOnlyRootFilesystem: true and allowPrivilegeEscalation: false.
    const inside = [
      join(import.meta.dirname, 'container.sh'),
      root,
      volume,
      'setpriv',
      '--no-new-privs',
    ];
    const asUser = [which('chroot'), `--userspec=${config.User}`, '--groups=', root];
    const command = [...config.Entrypoint, ...args];
    super([...namespaces, ...inside, 'env', '-i', ...config.Env, ...asUser, ...command], {
      cwd: '/',
      env: { PATH: process.env['PATH'] },
    });
  }

  /** Reaches the first process in it, as a signal from a kubelet does. */
  override signal(name: NodeJS.Signals): void {
    process.kill(this.processOf('k8s-leader'), name);
  }

  /** The first process in it with that program. */
  processOf(program: string): number {
    const found = descendantsOf(this.pid).find((pid) => argvOf(pid)[0] === program);
    if (found === undefined) throw new Error(`no ${program}\n${this.stdout}\n${this.stderr}`);
    return found;
  }
}
