/** Whether the end of a container proves the end of everything in it. */
import { describe, expect, test } from 'vitest';
import { ownContainer, type Proc } from '../../src/takeover/container.ts';

const uid = '5b1c0b4e-7d43-4d4c-9a53-0f6f0f3f4a11';
const log = `1199 1183 254:1 /var/lib/kubelet/pods/${uid}/containers/main/0a1b2c3d /dev/termination-log rw,relatime - ext4 /dev/vda1 rw`;
const hosts = `1198 1183 254:1 /var/lib/kubelet/pods/${uid}/etc-hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw`;
const subPath = `1200 1183 254:1 /var/lib/kubelet/pods/${uid}/volume-subpaths/data/main/0 /data rw - ext4 /dev/vda1 rw`;
const root = '1183 1100 0:300 / / rw,relatime - overlay overlay rw';

interface Here {
  readonly mounts?: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
}

function proc({ mounts = [root, hosts, subPath, log], links = {} }: Here): Proc {
  const all: Record<string, string> = {
    '/proc/self/ns/pid': 'pid:[1]',
    '/proc/self/ns/mnt': 'mnt:[2]',
    '/proc/1/ns/pid': 'pid:[1]',
    '/proc/1/ns/mnt': 'mnt:[2]',
    ...links,
  };
  return {
    text: () => mounts.join('\n'),
    link: (path) => {
      const said = all[path] ?? '';
      if (said === '') throw new Error('EACCES');
      return said;
    },
  };
}

describe('proves it', () => {
  test('where the kubelet has mounted a termination log, and PID 1 is of this container', () => {
    const container = { kind: 'own', uid, name: 'main', file: '/dev/termination-log' };
    expect(ownContainer(proc({}))).toEqual(container);
  });

  test.each([
    ['terminationMessagePath', ' /dev/termination-log ', ' /my\\040message ', '/my message'],
    [
      'a kubelet with another root, on a disk of its own',
      '/var/lib/kubelet/pods/',
      '/pods/',
      '/dev/termination-log',
    ],
  ])('with %s', (_, from, to, file) => {
    const mounts = [root, log.replace(from, to)];
    expect(ownContainer(proc({ mounts }))).toMatchObject({ kind: 'own', file, uid });
  });
});

describe('does not prove it', () => {
  test.each<[string, Here, string]>([
    ['outside of Kubernetes', { mounts: [root] }, 'no kubelet has mounted'],
    [
      'in a container that another daemon has started',
      {
        mounts: [root, `1 1 0:1 /var/lib/docker/containers/${uid}/hosts /etc/hosts rw - ext4 x rw`],
      },
      'no kubelet has mounted',
    ],
    ['with two termination logs', { mounts: [log, log] }, 'more than one'],
    [
      'with shareProcessNamespace: PID 1 is the sandbox',
      { links: { '/proc/1/ns/mnt': 'mnt:[3]' } },
      'another container',
    ],
    [
      'with hostPID: PID 1 is the machine, and nobody may look at it',
      { links: { '/proc/1/ns/mnt': '', '/proc/1/ns/pid': '' } },
      'another user, container or machine',
    ],
    [
      'with the /proc of another namespace',
      { links: { '/proc/1/ns/pid': 'pid:[9]' } },
      'another container',
    ],
  ])('%s', (_, here, why) => {
    expect(ownContainer(proc(here))).toEqual({
      kind: 'unfit',
      why: expect.stringContaining(why) as string,
    });
  });

  test('without /proc', () => {
    const text = () => {
      throw new Error('ENOENT');
    };
    const nothing = { text, link: text };
    expect(ownContainer(nothing)).toEqual({ kind: 'unfit', why: '/proc cannot be read' });
  });
});
