/** The program in the small executable begins here. Before it, the host has blocked the signals that we take. */
import type { ForwardedSignal } from './child/signals.ts';
import type { Exit } from './exit-code.ts';
import type { Ending } from './main.ts';
import type { World } from './world.ts';
import { install } from './platform/host/globals/index.ts';
import { environment } from './platform/host/self.ts';

install();

const names: Readonly<Record<number, ForwardedSignal>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  10: 'SIGUSR1',
  12: 'SIGUSR2',
  15: 'SIGTERM',
};

const [name = '', ...argv] = native.argv.map((word) => native.text(word));
const isOnlyVersion = argv.length === 1 && ['--version', '-V', 'version'].includes(argv[0] ?? '');

/** The kernel keeps those that come before somebody listens; we keep those that come while nobody does. */
const kept: ForwardedSignal[] = [];
const hold = (signal: ForwardedSignal) => {
  kept.push(signal);
};
let deliver = hold;
const world: World = {
  argv,
  env: environment(),
  executable: '/proc/self/exe',
  findKeeper: () => native.keeper(),
  inherited: native.inherited,
  calledAs: name.slice(name.lastIndexOf('/') + 1),
  signals: {
    hold() {
      deliver = hold;
    },
    listen(listener) {
      deliver = listener;
      for (const early of kept.splice(0)) listener(early);
    },
  },
  stdout(text) {
    for (let left = native.utf8(text); left.length > 0; left = left.subarray(writeSome(left)));
  },
};

function writeSome(bytes: Uint8Array): number {
  try {
    return native.sync('write', 1, bytes);
  } catch (thrown) {
    // Another program has made it non-blocking, and it is full.
    if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') throw thrown;
    native.sync('pause', 10);
    return 0;
  }
}

function leave({ status, signal }: Exit): void {
  const number = Object.keys(names).find((each) => names[Number(each)] === signal);
  if (number !== undefined && native.pid !== 1) native.dieOf(Number(number));
  native.exit(status);
}

async function begin(): Promise<Ending> {
  if (isOnlyVersion) {
    const { main } = await import('./only-version.ts');
    return main(world);
  }
  native.signals((number) => {
    const signal = names[number];
    if (signal) deliver(signal);
  });
  const { main } = await import('./main.ts');
  return main(world);
}

void begin().then(leave);
