// Pods as Kubernetes lists them, and what their coming and going says.

export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly name: string; readonly image: string }[];
    readonly volumes?: readonly { readonly secret?: { readonly secretName: string } }[];
  };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number }[];
  };
}

/** The component that a pod belongs to. */
export const componentOf = ({ metadata }: Pod): string => metadata.labels?.['app.kubernetes.io/name'] ?? '';

/** Whether it takes traffic. */
export const isReady = ({ status }: Pod): boolean =>
  status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** Whether it is meant to stay: neither of a job nor on its way out. */
export const isLasting = ({ metadata }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && !metadata.ownerReferences?.some(({ kind }) => kind === 'Job');

/** Components of which no pod is left from before: they were rolled. One that was only scaled keeps some. */
export function rolledComponents(before: readonly Pod[], after: readonly Pod[]): readonly string[] {
  const uids = new Set(after.map(({ metadata }) => metadata.uid));
  const components = new Set(before.filter(isLasting).map(componentOf));
  const kept = new Set(before.filter(({ metadata }) => uids.has(metadata.uid)).map(componentOf));
  return [...components].filter((component) => !kept.has(component)).sort();
}

/** How many times containers ended by themselves, all together. */
export const restarts = (pods: readonly Pod[]): number =>
  pods.flatMap(({ status }) => status.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
