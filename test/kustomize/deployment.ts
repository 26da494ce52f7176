/** A Deployment, as far as packaging/kustomize is about it. */
import { loadAllYaml } from '@kubernetes/client-node/dist/yaml.js';
import type { ApiObject } from '../support/control-plane.ts';

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } };
}

export interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string | number };
}

export interface Container {
  name: string;
  image: string;
  command?: readonly string[] | null;
  args?: readonly string[];
  env?: readonly Variable[];
  volumeMounts?: readonly Mount[];
  ports?: readonly { readonly name: string; readonly containerPort: number }[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  securityContext?: object;
}

export interface PodSpec {
  serviceAccountName?: string;
  serviceAccount?: string;
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  initContainers?: readonly Container[];
  containers: Container[];
  securityContext?: object;
  volumes?: readonly { readonly name: string; readonly emptyDir: object }[];
}

export interface Deployment {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  spec: {
    replicas: number;
    strategy: unknown;
    template: { metadata: object; spec: PodSpec };
  };
}

/** What is rendered, with the parts of a Role and RoleBinding. */
export interface Rendered extends ApiObject {
  readonly rules?: readonly { readonly resourceNames?: readonly string[] }[];
  readonly roleRef?: { readonly name: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace?: string }[];
}

/** All objects of a YAML stream. */
export function objectsIn(yaml: string): Rendered[] {
  return loadAllYaml(yaml) as Rendered[];
}

/** Kind and name. */
export function nameOf({ kind = '', metadata }: ApiObject): string {
  return `${kind} ${metadata?.name ?? ''}`;
}

/** The one Deployment among them. */
export function deploymentIn(objects: readonly ApiObject[]): Deployment {
  const [deployment, ...more] = objects.filter(({ kind }) => kind === 'Deployment');
  if (!deployment || more.length > 0) throw new Error('there is not exactly one Deployment');
  return deployment as unknown as Deployment;
}

export function podSpecIn(objects: readonly ApiObject[]): PodSpec {
  return deploymentIn(objects).spec.template.spec;
}

/** The container that is wrapped. */
export function containerOf(objects: readonly ApiObject[]): Container {
  const [container] = podSpecIn(objects).containers;
  if (!container) throw new Error('there is no container');
  return container;
}
