// Objects that refer to each other: selectors, budgets, namespaces, services and autoscalers.
import { type Declared, key } from '../declare.ts';
import {
  allContainersOf,
  autoscalersOf,
  manifestOf,
  namespaceOf,
  ofKind,
  type Pods,
  type Policies,
  podsOf,
  selects,
} from '../workloads.ts';

/** Smallest number of replicas of a workload. */
const leastReplicas = (pods: Pods, declared: readonly Declared[]): number => {
  const scaler = autoscalersOf(declared).find(
    ({ namespace, target, targetKind }) =>
      namespace === pods.namespace && target === pods.name && targetKind === pods.kind,
  );
  return scaler?.min ?? pods.replicas ?? 1;
};

/** Largest number of replicas of a workload. */
const mostReplicas = (pods: Pods, declared: readonly Declared[]): number =>
  autoscalersOf(declared).find(({ namespace, target }) => namespace === pods.namespace && target === pods.name)?.max ??
  pods.replicas ??
  1;

/** Selectors, budgets, namespaces, services and autoscalers. */
export const wiringPolicies: Policies = {
  'pods are spread over the nodes': (declared) =>
    podsOf(declared)
      .filter((pods) => pods.longRunning && pods.kind !== 'DaemonSet' && mostReplicas(pods, declared) > 1)
      .filter(
        ({ spec, labels }) =>
          !spec.topologySpreadConstraints?.some(
            ({ topologyKey, labelSelector }) =>
              topologyKey === 'kubernetes.io/hostname' && selects(labelSelector?.matchLabels ?? { none: '' }, labels),
          ),
      )
      .map((pods) => pods.key),

  'a selector matches its own pods only': (declared) => {
    const all = podsOf(declared);
    return all
      .filter(
        ({ selector, labels, namespace, longRunning, name }) =>
          longRunning &&
          (selector === undefined ||
            Object.keys(selector).length === 0 ||
            !selects(selector, labels) ||
            all.some(
              (other) => other.namespace === namespace && other.name !== name && selects(selector, other.labels),
            )),
      )
      .map((pods) => pods.key);
  },

  'a disruption budget lets nodes drain': (declared) =>
    ofKind(declared, 'PodDisruptionBudget')
      .filter((budget) => {
        const { spec } = manifestOf(budget);
        const pods = podsOf(declared).filter(
          ({ namespace, labels, longRunning }) =>
            longRunning && namespace === namespaceOf(budget) && selects(spec.selector?.matchLabels, labels),
        );
        if (pods.length !== 1) return true;
        const least = leastReplicas(pods[0]!, declared);
        return (
          least < 2 ||
          (typeof spec.minAvailable === 'number' && spec.minAvailable >= least) ||
          spec.maxUnavailable === 0
        );
      })
      .map(key),

  'every namespace has a Pod Security level': (declared) =>
    ofKind(declared, 'Namespace')
      .filter(
        (namespace) =>
          !['restricted', 'baseline', 'privileged'].includes(
            manifestOf(namespace).metadata?.labels?.['pod-security.kubernetes.io/enforce'],
          ),
      )
      .map(key),

  'every namespace denies by default': (declared) =>
    ofKind(declared, 'Namespace')
      .filter((namespace) => {
        const name = manifestOf(namespace).metadata?.name;
        // A chart's own namespace: only the chart knows what its pods must reach.
        if (ofKind(declared, 'Release').some((release) => manifestOf(release).namespace === name)) return false;
        return !ofKind(declared, 'NetworkPolicy').some((policy) => {
          const { podSelector, policyTypes, ingress, egress } = manifestOf(policy).spec;
          return (
            namespaceOf(policy) === name &&
            Object.keys(podSelector ?? {}).length === 0 &&
            ['Ingress', 'Egress'].every((type) => policyTypes?.includes(type)) &&
            !(ingress?.length || egress?.length)
          );
        });
      })
      .map(key),

  'network policies select pods that exist': (declared) =>
    ofKind(declared, 'NetworkPolicy')
      .filter((policy) => {
        const selector = manifestOf(policy).spec.podSelector?.matchLabels;
        return (
          selector !== undefined &&
          !podsOf(declared).some(
            ({ namespace, labels }) => namespace === namespaceOf(policy) && selects(selector, labels),
          )
        );
      })
      .map(key),

  'roles are read-only, without secrets': (declared) =>
    ofKind(declared, 'Role', 'ClusterRole')
      .filter((role) =>
        (manifestOf(role).rules as readonly { verbs: readonly string[]; resources?: readonly string[] }[]).some(
          ({ verbs, resources = [] }) =>
            verbs.some((verb) => !['get', 'list', 'watch'].includes(verb)) ||
            resources.some((resource) => resource === '*' || resource.startsWith('secrets')),
        ),
      )
      .map(key),

  'services lead to a port that exists': (declared) =>
    ofKind(declared, 'Service').flatMap((service) => {
      const { spec } = manifestOf(service);
      const behind = podsOf(declared).filter(
        ({ namespace, labels, longRunning }) =>
          longRunning && namespace === namespaceOf(service) && selects(spec.selector, labels),
      );
      const ports = behind.flatMap(allContainersOf).flatMap((container) => container.ports ?? []);
      const leadsNowhere = ({ port, targetPort = port }: { port: number; targetPort?: number | string }): boolean =>
        !ports.some(({ name, containerPort }) => targetPort === name || targetPort === containerPort);
      return (spec.ports ?? [])
        .filter(leadsNowhere)
        .map(({ name, port }: { name?: string; port: number }) => `${key(service)}: ${name ?? port}`);
    }),

  // Only the Traefik of our own cluster is known to publish an address in the status.
  'an ingress of another cluster is not awaited': (declared) =>
    declared.some(({ type }) => type.endsWith(':K3dCluster'))
      ? []
      : ofKind(declared, 'Ingress')
          .filter((ingress) => manifestOf(ingress).metadata.annotations?.['pulumi.com/skipAwait'] !== 'true')
          .map(key),

  'only the autoscaler sets the number of replicas': (declared) =>
    autoscalersOf(declared)
      .filter(({ namespace, target, targetKind }) => {
        const pods = podsOf(declared).find(
          (candidate) =>
            candidate.namespace === namespace && candidate.name === target && candidate.kind === targetKind,
        );
        return pods === undefined || pods.replicas !== undefined || !pods.ignoreChanges.includes('spec.replicas');
      })
      .map((scaler) => scaler.key),

  'the number of replicas is set, by the manifest or an autoscaler': (declared) =>
    podsOf(declared)
      .filter(
        (pods) =>
          ['Deployment', 'StatefulSet'].includes(pods.kind) &&
          pods.replicas === undefined &&
          !autoscalersOf(declared).some(
            ({ namespace, target }) => namespace === pods.namespace && target === pods.name,
          ),
      )
      .map((pods) => pods.key),
};
