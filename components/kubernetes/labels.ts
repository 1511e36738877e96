// The labels that Kubernetes recommends: how the pods of a stack are named and selected.

/** Labels by name. */
export type Labels = Readonly<Record<string, string>>;

/**
 * Selects the pods of a component. Never change it: selectors are immutable in Kubernetes.
 */
export const selectorOf = (component: string): Labels => ({
  'app.kubernetes.io/name': component,
  'app.kubernetes.io/part-of': 'breakwater',
});

/** Labels of every object that a component creates. */
export const labelsOf = (component: string): Labels => ({
  ...selectorOf(component),
  'app.kubernetes.io/managed-by': 'pulumi',
});

/**
 * Annotation of what Pulumi need not wait for, such as a Service whose workload it waits for already:
 * it would also wait for the Service's endpoints, and then for ten more seconds.
 */
export const NOT_WAITED_FOR = { 'pulumi.com/skipAwait': 'true' } as const;
