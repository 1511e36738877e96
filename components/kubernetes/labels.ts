// How the pods of a stack are named and found: the labels that Kubernetes recommends.

/** Labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** What selects the pods of one component in its namespace; never changes while the component lives. */
export const selectorOf = (component: string): Labels => ({
  'app.kubernetes.io/name': component,
  'app.kubernetes.io/part-of': 'breakwater',
});

/** The labels of everything that a component makes: its selector and who looks after it. */
export const labelsOf = (component: string): Labels => ({
  ...selectorOf(component),
  'app.kubernetes.io/managed-by': 'pulumi',
});

/**
 * Annotation of a Service whose pods are waited for by what makes them: Pulumi would wait for its endpoints, and then ten
 * seconds more.
 */
export const NOT_WAITED_FOR = { 'pulumi.com/skipAwait': 'true' } as const;
