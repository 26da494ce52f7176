/** The network of the node, in a namespace that has nothing else: no packet can leave it. */
import { writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tool } from './tool.ts';

/** Of the node, on a bridge, so that it is not loopback. */
export const nodeAddress = '10.88.7.1';
const podNetwork = '10.88.8.0/24';

/** Makes the bridge, and tells containerd how to make that of the pods. Returns the folder that it is told in. */
export async function networkIn(folder: string): Promise<string> {
  await ip('link', 'add', 'node', 'type', 'bridge');
  await ip('address', 'add', `${nodeAddress}/24`, 'dev', 'node');
  await ip('link', 'set', 'node', 'up');
  await writeFile('/proc/sys/net/ipv4/ip_forward', '1');
  const plugins = join(folder, 'cni');
  await mkdir(plugins);
  const bridge = {
    type: 'bridge',
    bridge: 'pods',
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      ranges: [[{ subnet: podNetwork }]],
      routes: [{ dst: '0.0.0.0/0' }],
      dataDir: join(folder, 'addresses'),
    },
  };
  const list = { cniVersion: '1.0.0', name: 'pods', plugins: [bridge] };
  await writeFile(join(plugins, 'pods.conflist'), JSON.stringify(list));
  return plugins;
}

/** Until it is undone, no packet comes from the address. Returns how to undo it. */
export async function cutOff(address: string): Promise<() => Promise<void>> {
  const table = `cut_${address.replaceAll('.', '_')}`;
  const rules = `table ip ${table} { chain saddr_drop { type filter hook prerouting priority -400; ip saddr ${address} drop; }; }`;
  await nft(rules);
  return () => nft(`delete table ip ${table}`);
}

async function ip(...args: string[]): Promise<void> {
  await tool('ip', args);
}

async function nft(rules: string): Promise<void> {
  await tool('nft', [rules]);
}
