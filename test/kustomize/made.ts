/** Kustomizations of a test: the plain Deployment of the example, changed, under some of our components. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import {
  deploymentIn,
  objectsIn,
  type Deployment,
  type PodSpec,
  type Rendered,
} from './deployment.ts';
import { kustomize, rendered } from './kustomize.ts';

const root = join(import.meta.dirname, '../..');
const example = join(root, 'examples/kustomize');

/** The example as it is. */
export async function exampleObjects(): Promise<Rendered[]> {
  return objectsIn(await rendered(await kustomize(), example));
}

/** The Deployment of the example before anything is added to it, changed. */
export function plain(change: (spec: PodSpec, all: Deployment) => void = () => {}): Deployment {
  const yaml = readFileSync(join(example, 'deployment.yaml'), 'utf8');
  const deployment = deploymentIn(objectsIn(yaml));
  change(deployment.spec.template.spec, deployment);
  return deployment;
}

export interface Kustomization {
  /** Default: the plain Deployment. */
  readonly objects?: readonly object[];
  /** Folders of packaging/kustomize. Default: those that a plain Deployment needs. */
  readonly components?: readonly string[];
  /** What else is in its file. */
  readonly also?: object;
  /** What else is in the file of the kustomization below it, which has the objects. */
  readonly below?: object;
}

/** What Kustomize makes of it. Fails with what it says. */
export async function made({
  objects = [plain()],
  components = ['account', 'wrapper'],
  also = {},
  below = {},
}: Kustomization = {}): Promise<Rendered[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'k8s-leader-kustomize-')));
  const write = (name: string, content: object) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify(content));
  };
  try {
    const ours = components.map((name) =>
      relative(folder, join(root, 'packaging/kustomize', name)),
    );
    const files = objects.map((object, index) => {
      write(`below/${index}.json`, object);
      return `${index}.json`;
    });
    write('below/kustomization.yaml', { resources: files, ...below });
    write('kustomization.yaml', { resources: ['below'], components: ours, ...also });
    return objectsIn(await rendered(await kustomize(), folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
