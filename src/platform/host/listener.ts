import type { Listening } from '../ports.ts';
import { HostWire } from './wires.ts';

/** In one turn; others have their turn as well. */
const mostAtOnce = 64;

export const listen: Listening['listen'] = async ({ host, port }, onWire) => {
  await Promise.resolve();
  const fd = native.listen(host, port);
  native.watch(fd, 1, () => {
    for (let count = 0; count < mostAtOnce; count += 1) {
      const accepted = acceptOn(fd);
      if (accepted === undefined) return;
      onWire(new HostWire(accepted));
    }
  });
  const { address, port: chosen } = native.socketName(fd);
  let isOpen = true;
  return {
    host: address,
    port: chosen,
    close() {
      if (!isOpen) return;
      isOpen = false;
      native.watch(fd, 0);
      native.sync('close', fd);
    },
  };
};

/** One that fails, for lack of descriptors, is the client's loss alone. */
function acceptOn(fd: number): number | undefined {
  try {
    return native.accept(fd);
  } catch {
    return undefined;
  }
}
