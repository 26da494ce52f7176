/** The manifests of examples/, and what a story changes of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAllYaml } from '@kubernetes/client-node/dist/yaml.js';
import type { ApiObject } from '../../support/control-plane/api-request.ts';

export const project = join(import.meta.dirname, '../../..');

/** What a story may change of a container. */
export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: object }[];
  volumeMounts?: object[];
  resources?: object;
  lifecycle?: object;
  livenessProbe?: object;
  readinessProbe?: object;
  startupProbe?: object;
}

export interface PodSpec {
  terminationGracePeriodSeconds?: number;
  shareProcessNamespace?: boolean;
  initContainers?: Container[];
  containers: Container[];
  volumes?: object[];
}

/** Anything with a template of pods. */
export interface Workload extends ApiObject {
  readonly spec: {
    replicas?: number;
    strategy?: object;
    readonly template: {
      readonly metadata: { labels?: Record<string, string> };
      readonly spec: PodSpec;
    };
  };
}

export interface Change {
  readonly replicas?: number;
  readonly strategy?: object;
  readonly grace?: number;
  /** Further options of `run`, which win over those that are there. */
  readonly options?: readonly string[];
  /** Instead of the command behind `--`. */
  readonly command?: readonly string[];
  /** As a container's `limits`. */
  readonly limits?: { readonly cpu?: string; readonly memory?: string };
  readonly image?: string;
  /** Beside those that the pods have. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whatever else. */
  readonly pod?: (spec: PodSpec) => void;
  /** Of the container that the wrapper is in. */
  readonly container?: (container: Container) => void;
}

/** All objects of a file in examples/, with the commands stamping and the changes made. */
export function example(file: string, change: Change = {}): ApiObject[] {
  const objects = asItIs(`examples/${file}`);
  for (const object of objects) if (isWorkload(object)) modify(object, change);
  return objects;
}

/** All objects of a file of this project. */
export function asItIs(file: string): ApiObject[] {
  return loadAllYaml(readFileSync(join(project, file), 'utf8')) as ApiObject[];
}

/** The claim of a story's folder of stamps. `restricted` forbids a hostPath in a pod, but not this way to one. */
export const claim = 'stamps';

function isWorkload(object: ApiObject): object is Workload {
  return (object.spec?.['template'] as object | undefined) !== undefined;
}

/** Mounts the stamps where the wrapper is, and changes what is to be changed. */
export function modify(workload: Workload, change: Change): void {
  const { metadata, spec } = workload.spec.template;
  metadata.labels = { ...metadata.labels, ...change.labels };
  if (change.replicas !== undefined) workload.spec.replicas = change.replicas;
  if (change.strategy !== undefined) workload.spec.strategy = change.strategy;
  if (change.grace !== undefined) spec.terminationGracePeriodSeconds = change.grace;
  spec.volumes = [
    ...(spec.volumes ?? []),
    { name: claim, persistentVolumeClaim: { claimName: claim } },
  ];
  for (const container of wrapped(spec)) {
    container.volumeMounts = [
      ...(container.volumeMounts ?? []),
      { name: claim, mountPath: '/stamps' },
    ];
    if (change.image !== undefined) container.image = change.image;
    if (change.limits !== undefined) container.resources = { limits: change.limits };
    rewrite(container, change);
    change.container?.(container);
  }
  change.pod?.(spec);
}

function wrapped({ initContainers = [], containers }: PodSpec): Container[] {
  return [...initContainers, ...containers].filter(({ command = [] }) => command.includes('run'));
}

function rewrite(container: Container, { options = [], command }: Change): void {
  const words = container.command ?? [];
  const end = words.indexOf('--', words.indexOf('run'));
  container.command = [
    ...words.slice(0, end),
    ...options,
    '--',
    ...(command ?? words.slice(end + 1)),
  ];
}
