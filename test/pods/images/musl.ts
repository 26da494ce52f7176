/**
 * An image as Alpine's is: musl in place of glibc, BusyBox as shell. Nothing is pulled, so it is put together from the
 * root of the executables' tests and what Debian links statically.
 */
import { join, resolve } from 'node:path';
import { executableFor, muslRoot } from '../../executable/roots.ts';
import { runTool } from '../../interop/support/built-once.ts';

const project = resolve(import.meta.dirname, '../../..');

/** Makes our program for musl anew: one of an earlier checkout may lie there. */
export async function muslFiles(): Promise<Readonly<Record<string, string>>> {
  const node = { file: process.execPath, absent: 'there is no Node' };
  const form = `linux-${process.arch}-musl`;
  await runTool(node, [join(project, 'scripts/executable.js'), form], { cwd: project });
  return { root: await muslRoot(), 'k8s-leader': executableFor('musl') };
}

export const muslDockerfile = (debian: string, ours: string): string => `FROM ${debian} AS tools
RUN apt-get update && apt-get install -y --no-install-recommends busybox-static
FROM scratch
COPY root/ /
COPY --from=tools /bin/busybox /bin/
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY --from=${ours} /usr/bin/tini-static /usr/bin/tini
COPY k8s-leader /usr/local/bin/
WORKDIR /app
COPY stamp worker
USER 1000:1000`;
