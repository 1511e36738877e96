// Policies are about pods, autoscalers and services by their Kubernetes names: this finds them
// among the resources that a stack declares.
import type * as k8s from '@pulumi/kubernetes';
import type { Unwrap } from '@pulumi/pulumi';
import { type Declared, key } from './declare.ts';

export type PodSpec = Unwrap<k8s.types.input.core.v1.PodSpec>;
export type Container = Unwrap<k8s.types.input.core.v1.Container>;
export type Labels = Readonly<Record<string, string>>;

/** A policy lists what breaks it: nothing, when the stack complies. */
export type Policy = (declared: readonly Declared[]) => readonly string[];

/** Policies by what they require. */
export type Policies = Readonly<Record<string, Policy>>;

/** A resource that creates pods. */
export interface Pods {
  /** Where the resource is declared, for messages. */
  readonly key: string;
  /** `Deployment`, `StatefulSet`, `DaemonSet`, `Job`, `CronJob` */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly selector?: Labels;
  readonly spec: PodSpec;
  /** Number of pods; absent where an autoscaler sets it. */
  readonly replicas?: number;
  readonly ignoreChanges: readonly string[];
  /** Whether the pods run until they are stopped, unlike those of a Job. */
  readonly longRunning: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: manifests are read at any depth
export type Manifest = any;

/** `Deployment` of `kubernetes:apps/v1:Deployment`; empty for resources of other providers. */
export const kindOf = ({ type }: Declared): string =>
  type.startsWith('kubernetes:') ? (type.split(':').at(-1) ?? '').replace(/Patch$/, '') : '';

/** The manifest of a resource. */
export const manifestOf = (resource: Declared): Manifest => resource.properties;

/**
 * The resources of these kinds. A custom resource has the kind of its type: KEDA's `ScaledObject`.
 */
export const ofKind = (declared: readonly Declared[], ...kinds: readonly string[]): readonly Declared[] =>
  declared.filter((resource) => kinds.includes(kindOf(resource)));

export const namespaceOf = (resource: Declared): string => manifestOf(resource).metadata?.namespace ?? 'default';

const PODS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'];

/** Every resource that creates pods. */
export function podsOf(declared: readonly Declared[]): readonly Pods[] {
  return ofKind(declared, ...PODS).map((resource): Pods => {
    const { metadata, spec } = manifestOf(resource);
    const kind = kindOf(resource);
    const { template, selector, replicas } = kind === 'CronJob' ? spec.jobTemplate.spec : spec;
    return {
      key: key(resource),
      kind,
      namespace: metadata?.namespace ?? 'default',
      name: metadata?.name ?? resource.name,
      labels: template.metadata?.labels ?? {},
      ...(selector && { selector: selector.matchLabels ?? {} }),
      spec: template.spec,
      ...(replicas !== undefined && { replicas }),
      ignoreChanges: (resource.options.ignoreChanges as readonly string[] | undefined) ?? [],
      longRunning: !['Job', 'CronJob'].includes(kind),
    };
  });
}

/** The containers of the pods, without init containers and sidecars. */
export const containersOf = ({ spec }: Pods): readonly Container[] => spec.containers;

/** All containers, with init containers and sidecars. */
export const allContainersOf = ({ spec }: Pods): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];

/** Whether the selector matches these labels. An empty selector matches all. */
export const selects = (selector: Labels | undefined, labels: Labels): boolean =>
  Object.entries(selector ?? {}).every(([name, value]) => labels[name] === value);

/** An autoscaler, with its target. */
export interface Autoscaler {
  readonly key: string;
  readonly namespace: string;
  readonly target: string;
  readonly targetKind: string;
  readonly min: number;
  readonly max: number;
}

/** HPAs and KEDA's ScaledObjects. */
export function autoscalersOf(declared: readonly Declared[]): readonly Autoscaler[] {
  return ofKind(declared, 'HorizontalPodAutoscaler', 'ScaledObject').map((resource): Autoscaler => {
    const { spec } = manifestOf(resource);
    const keda = kindOf(resource) === 'ScaledObject';
    return {
      key: key(resource),
      namespace: namespaceOf(resource),
      target: spec.scaleTargetRef.name,
      targetKind: spec.scaleTargetRef.kind ?? 'Deployment',
      min: (keda ? spec.minReplicaCount : spec.minReplicas) ?? (keda ? 0 : 1),
      max: keda ? (spec.maxReplicaCount ?? 100) : spec.maxReplicas,
    };
  });
}
