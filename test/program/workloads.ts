// Finds in what a stack declares the things that policies speak of: pods, autoscalers, services, by their Kubernetes names.
import type * as k8s from '@pulumi/kubernetes';
import type { Unwrap } from '@pulumi/pulumi';
import { type Declared, key } from './declare.ts';

export type PodSpec = Unwrap<k8s.types.input.core.v1.PodSpec>;
export type Container = Unwrap<k8s.types.input.core.v1.Container>;
export type Labels = Readonly<Record<string, string>>;

/** Something that makes pods. */
export interface Pods {
  /** Where it is declared, for messages. */
  readonly key: string;
  /** `Deployment`, `StatefulSet`, `DaemonSet`, `Job`, `CronJob` */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly selector?: Labels;
  readonly spec: PodSpec;
  /** Pods at first; absent where an autoscaler decides. */
  readonly replicas?: number;
  readonly ignoreChanges: readonly string[];
  /** Whether the pods are to run for good. */
  readonly lasting: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: manifests are read at any depth; what is missing is what the policies look for
export type Manifest = any;

/** `Deployment` of `kubernetes:apps/v1:Deployment`; empty for what is not Kubernetes'. */
export const kindOf = ({ type }: Declared): string =>
  type.startsWith('kubernetes:') ? (type.split(':').at(-1) ?? '').replace(/Patch$/, '') : '';

/** The manifest of a resource. */
export const manifestOf = (resource: Declared): Manifest => resource.properties;

export const ofKind = (declared: readonly Declared[], ...kinds: readonly string[]): readonly Declared[] =>
  declared.filter((resource) => kinds.includes(kindOf(resource)));

/** A custom resource has the type of its group: KEDA's `ScaledObject` is of kind `ScaledObject` too. */
export const namespaceOf = (resource: Declared): string => manifestOf(resource).metadata?.namespace ?? 'default';

const PODS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'];

/** Everything that makes pods. */
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
      lasting: !['Job', 'CronJob'].includes(kind),
    };
  });
}

/** Containers that run beside each other: the pod's own, and sidecars. */
export const containersOf = ({ spec }: Pods): readonly Container[] => spec.containers;

/** All containers, those that prepare the pod as well. */
export const allContainersOf = ({ spec }: Pods): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];

/** Whether the selector picks pods with these labels. An empty one picks all. */
export const selects = (selector: Labels | undefined, labels: Labels): boolean =>
  Object.entries(selector ?? {}).every(([name, value]) => labels[name] === value);

/** An autoscaler, and what it scales. */
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
