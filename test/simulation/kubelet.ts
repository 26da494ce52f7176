/**
 * Pods, and the kubelets that say what became of their containers: soon, late, twice or never, and a control plane that
 * deletes Pods or calls them failed, whatever their containers do. What is said is what was true when it happened.
 */
import type { Connection } from '../../src/kube/connection.ts';
import type { Dwelling } from '../../src/takeover/certificate.ts';
import { addition, without, type TerminationLog } from '../../src/takeover/termination-log.ts';
import { hasLine } from '../../src/takeover/certificate.ts';
import type { FakeClock } from '../../src/testing/fake-clock.ts';
import type { ProcessClock } from './machine.ts';
import type { KubeletPlan } from './schedule.ts';

/** One run of the container. */
export class Instance {
  message = '';
  readonly log: TerminationLog = {
    name: 'the message',
    add: async (mark) => {
      if (!hasLine(this.message, mark)) this.message += addition(this.message, mark);
      return Promise.resolve();
    },
    remove: async (mark) => {
      this.message = without(this.message, mark);
      return Promise.resolve();
    },
  };
}

interface Status {
  readonly state: object;
  readonly lastState?: object;
}

export class Pod {
  readonly name: string;
  readonly uid: string;
  /** What the API server shows; undefined when it has been deleted. */
  #shown: object | undefined;
  #isDeleted = false;
  #phase = 'Running';
  #real: Status = { state: { running: {} } };
  readonly #plan: KubeletPlan;
  readonly #truth: FakeClock;
  readonly #onChange: (event: object) => void;

  constructor(
    { name, uid }: Pick<Pod, 'name' | 'uid'>,
    plan: KubeletPlan,
    truth: FakeClock,
    onChange: (event: object) => void,
  ) {
    this.name = name;
    this.uid = uid;
    this.#plan = plan;
    this.#truth = truth;
    this.#onChange = onChange;
    this.#show(this.#real);
  }

  get shown(): object | undefined {
    return this.#shown;
  }

  dwelling(mark: string): Dwelling {
    return { namespace: 'default', pod: this.name, uid: this.uid, container: 'main', mark };
  }

  /** The container and everything in it is over. */
  ended({ message }: Instance): void {
    this.#real = { ...this.#real, state: { terminated: { exitCode: 137, message } } };
    this.#report();
  }

  restarted(): void {
    this.#real = { state: { running: {} }, lastState: this.#real.state };
    this.#report();
  }

  /** By somebody who has not asked the kubelet. */
  delete(): void {
    if (!this.#shown) return;
    const object = this.#shown;
    this.#shown = undefined;
    this.#isDeleted = true;
    this.#onChange({ type: 'DELETED', object });
  }

  fail(): void {
    this.#phase = 'Failed';
    const message = 'The container could not be located when the pod was terminated';
    this.#show({
      state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message } },
    });
  }

  #report(): void {
    const { reports, reportsInMs } = this.#plan;
    if (reports === 'never') return;
    const real = this.#real;
    const times = reports === 'twice' ? 2 : 1;
    for (let time = 1; time <= times; time += 1)
      void this.#truth.sleep(time * reportsInMs).then(() => {
        this.#show(real);
      });
  }

  /** Where there is no such Pod any more, nobody can say anything about it. */
  #show(status: Status): void {
    if (this.#isDeleted) return;
    const { name, uid } = this;
    const type = this.#shown ? 'MODIFIED' : 'ADDED';
    this.#shown = {
      metadata: { namespace: 'default', name, uid },
      spec: {},
      status: { phase: this.#phase, containerStatuses: [{ name: 'main', ...status }] },
    };
    this.#onChange({ type, object: this.#shown });
  }
}

export interface PodWire {
  readonly truth: FakeClock;
  readonly clock: ProcessClock;
  readonly dice: () => number;
  readonly heldForMs: () => number;
}

/** The API server's Pods. */
export class Pods {
  readonly #truth: FakeClock;
  readonly #pods = new Map<string, Pod>();
  readonly #watchers = new Set<(name: string, event: object) => void>();
  #uid = 0;

  constructor(truth: FakeClock) {
    this.#truth = truth;
  }

  /** In place of the one of that name, if there is one. */
  create(name: string, plan: KubeletPlan): Pod {
    this.#pods.get(name)?.delete();
    const uid = String((this.#uid += 1));
    const pod = new Pod({ name, uid }, plan, this.#truth, (event) => {
      for (const watcher of this.#watchers) watcher(name, event);
    });
    this.#pods.set(name, pod);
    return pod;
  }

  /** As far as one process can reach it, now late, now early, and not always in order. */
  connection({ truth, clock, dice, heldForMs }: PodWire): Connection {
    const watch = async function* (this: Pods, name: string, signal: AbortSignal) {
      const arrived: string[] = [];
      let wake: () => void = () => undefined;
      const transmit = (event: object | undefined) => {
        if (!event) return;
        const lateMs = dice() < 0.1 ? dice() * 4_000 : dice() * dice() * 20;
        void truth.sleep(Math.max(0, heldForMs()) + lateMs).then(() => {
          arrived.push(JSON.stringify(event));
          wake();
        });
      };
      const watcher = (about: string, event: object) => {
        if (about === name) transmit(event);
      };
      const stop = () => {
        wake();
      };
      this.#watchers.add(watcher);
      signal.addEventListener('abort', stop);
      const object = this.#pods.get(name)?.shown;
      transmit(object && { type: 'ADDED', object });
      try {
        for (;;) {
          await clock.awake();
          if (signal.aborted) return;
          const line = arrived.shift();
          if (line !== undefined) yield line;
          else await new Promise<void>((resolve) => (wake = resolve));
          if (dice() < 0.05) return;
        }
      } finally {
        this.#watchers.delete(watcher);
        signal.removeEventListener('abort', stop);
      }
    }.bind(this);
    return {
      cluster: { redact: (text: string) => text } as Connection['cluster'],
      request: () => Promise.reject(new Error('nobody asks')),
      stream: ({ path, signal }) => {
        const name = /metadata\.name%3D([^&]+)/.exec(path)?.[1] ?? '';
        return Promise.resolve({ status: 200, lines: watch(name, signal) });
      },
      close: () => undefined,
    };
  }
}
