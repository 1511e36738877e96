// The Helm charts that we install: where each is published, and its version.

// renovate.json reads the entries: name, version and repository, in this order.
const charts = {
  keda: { version: '2.20.2', repository: 'https://kedacore.github.io/charts' },
  'aws-load-balancer-controller': { version: '3.5.0', repository: 'https://aws.github.io/eks-charts' },
  'cluster-autoscaler': { version: '9.56.0', repository: 'https://kubernetes.github.io/autoscaler' },
} as const satisfies Record<string, { readonly version: string; readonly repository: string }>;

/** Name of a chart in this list. */
export type ChartName = keyof typeof charts;

/** Every chart of the list. */
export const pinnedCharts = (Object.keys(charts) as ChartName[]).map((name) => ({ name, ...charts[name] }));

/**
 * Source of a chart for Pulumi's `Release`.
 *
 * @param location a folder, a package or `oci://…` (`charts:*`); undefined: the public repository
 */
export function chartSource(name: ChartName, location: string | undefined) {
  const { version, repository } = charts[name];
  if (location === undefined) return { chart: name, version, repositoryOpts: { repo: repository } };
  return location.startsWith('oci://') ? { chart: location, version } : { chart: location };
}
