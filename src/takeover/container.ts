/**
 * Whether the end of our container is the end of everything that we start, decided by facts that a process of any user can
 * read. Both must be there:
 *
 * - The kubelet has mounted the file of a termination message. In `/proc/self/mountinfo` the source of that mount ends
 *   with `/pods/UID/containers/NAME/` and eight hexadecimal digits, which are drawn anew for each instance of a container.
 *   Nothing else in a container is mounted from there. So the file is that of this instance, wherever it is mounted.
 * - PID 1 of our PID namespace belongs to this container: it has our mount namespace. Each container has one of its own. So
 *   PID 1 is the container's first process. The kernel does not let that be reaped before it has killed and reaped every
 *   other process of the namespace and of those below it; only then can the runtime, and then the kubelet, see it end.
 *
 * With `shareProcessNamespace` PID 1 is the sandbox's, with `hostPID` the machine's, in a debug container with a target that
 * of the target: another mount namespace, or one that we may not look at. Then a container may end while processes that
 * it has started live on. Whoever reads the message looks at the Pod's spec as well (`certificate.ts`).
 */
export interface Proc {
  /** @throws {Error} */
  readonly text: (path: string) => string;
  /** What a symbolic link says. @throws {Error} */
  readonly link: (path: string) => string;
}

export type Container =
  | { readonly kind: 'own'; readonly uid: string; readonly name: string; readonly file: string }
  /** Why the end of a container would prove nothing. */
  | { readonly kind: 'unfit'; readonly why: string };

/** A Pod's uid, a container's name, an instance. */
const source = /\/pods\/([0-9A-Za-z-]{1,64})\/containers\/([^/]{1,63})\/[0-9a-f]{8}$/;

export function ownContainer(proc: Proc): Container {
  const mounts = mountsIn(proc);
  if (mounts === undefined) return unfit('/proc cannot be read');
  const [mount, another] = mounts;
  if (!mount) return unfit('no kubelet has mounted a termination log here');
  if (another) return unfit('more than one termination log is mounted here');
  const why = problemOfNamespaces(proc);
  return why === undefined ? { kind: 'own', ...mount } : unfit(why);
}

function unfit(why: string): Container {
  return { kind: 'unfit', why };
}

interface Mount {
  readonly uid: string;
  readonly name: string;
  readonly file: string;
}

function mountsIn(proc: Proc): readonly Mount[] | undefined {
  try {
    return proc.text('/proc/self/mountinfo').split('\n').flatMap(mountIn);
  } catch {
    return undefined;
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html: the fourth field is the source, the fifth the target. */
function mountIn(line: string): readonly Mount[] {
  const [, , , root = '', target = ''] = line.split(' ');
  const [, uid, name] = source.exec(unescaped(root)) ?? [];
  return uid && name ? [{ uid, name, file: unescaped(target) }] : [];
}

/** Blanks and backslashes are written in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function problemOfNamespaces({ link }: Proc): string | undefined {
  try {
    const [own, first] = ['self', '1'].map((process) => ({
      pid: link(`/proc/${process}/ns/pid`),
      mnt: link(`/proc/${process}/ns/mnt`),
    }));
    const isSame = own?.pid === first?.pid && own?.mnt === first?.mnt;
    return isSame ? undefined : 'PID 1 here belongs to another container or to the machine';
  } catch {
    return 'PID 1 here belongs to another user, container or machine';
  }
}
