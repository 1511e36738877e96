// What a stack requires of a cluster that exists: storage, an ingress controller, enforced network
// policies, metrics, and one KEDA. Pure functions from what the cluster said to what is missing.
import type { StackConfig } from '../../config/schema.ts';
import { apiNamespaceOf } from '../kubernetes/namespaces.ts';

/** Label of KEDA's objects: the namespace of the stack that installed it. */
export const INSTALLER_LABEL = 'breakwater/namespace';

/** KEDA in the cluster. */
export interface KedaFact {
  readonly namespace: string;
  /** Namespaces that it watches; empty: all. */
  readonly watches: readonly string[];
  /** Namespace of the stack that installed it; undefined if none did, or one of an earlier version. */
  readonly installer?: string;
}

/** What the cluster said about itself. Undefined is unknown: the user may not list it. */
export interface ClusterFacts {
  readonly storageClasses: readonly { readonly name: string; readonly isDefault: boolean }[];
  readonly ingressClasses: readonly string[];
  readonly priorityClasses?: readonly string[];
  /** Names of the DaemonSets, of which the network is one. */
  readonly daemonSets?: readonly string[];
  /** Versions of the nodes, such as `v1.34.9+k3s1`. */
  readonly nodeVersions?: readonly string[];
  /** Whether `metrics.k8s.io` is served. */
  readonly metrics?: boolean;
  /** Null: there is none. */
  readonly keda?: KedaFact | null;
}

/** Part of the stack config that decides what is required. */
export type RequirementsConfig = Pick<StackConfig, 'cluster' | 'api' | 'console' | 'monitoring' | 'hpa' | 'keda'>;

/** DaemonSets of networks that enforce policies; k3s does by itself. */
const ENFORCERS =
  /^(calico-node|canal|rke2-canal|cilium|antrea-agent|kube-router|weave-net|anetd|azure-npm|ovnkube-node|kube-ovn-cni)$/;
/** Those of networks that do not. */
const IGNORERS = /^kube-flannel/;

/** Names in a sentence. */
export const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

function storageProblems({ storageClasses }: ClusterFacts, wanted: string | undefined): readonly string[] {
  const names = storageClasses.map(({ name }) => name);
  const choose = 'Choose one: pulumi config set cluster:storageClass NAME';
  if (wanted !== undefined)
    return names.includes(wanted)
      ? []
      : [`the cluster has no storage class ${wanted}: it has ${listed(names)}. ${choose}`];
  if (names.length === 0)
    return ["the cluster has no storage class, so volumes can't be made: install a provisioner first"];
  if (storageClasses.some(({ isDefault }) => isDefault)) return [];
  return [`the cluster has no default storage class: it has ${listed(names)}. ${choose}`];
}

function ingressProblems({ ingressClasses }: ClusterFacts, config: RequirementsConfig): readonly string[] {
  const { cluster, api, console, monitoring } = config;
  const used = api.exposure === 'ingress' || console.enabled || monitoring.enabled;
  if (!used || ingressClasses.includes(cluster.ingressClass)) return [];
  return [
    `the cluster has no ingress class ${cluster.ingressClass}: it has ${listed(ingressClasses)}. Choose one (pulumi config set cluster:ingressClass NAME) or install its controller`,
  ];
}

const priorityProblems = ({ priorityClasses }: ClusterFacts, wanted: string | undefined): readonly string[] =>
  wanted === undefined || priorityClasses === undefined || priorityClasses.includes(wanted)
    ? []
    : [
        `the cluster has no priority class ${wanted}: it has ${listed(priorityClasses)}. Choose one: pulumi config set cluster:priorityClass NAME`,
      ];

/** Whether the network enforces policies; undefined: it is not one that we know. */
function enforces({ daemonSets = [], nodeVersions = [] }: ClusterFacts): boolean | undefined {
  if (daemonSets.some((name) => ENFORCERS.test(name)) || nodeVersions.some((version) => version.includes('+k3s')))
    return true;
  return daemonSets.some((name) => IGNORERS.test(name)) ? false : undefined;
}

const metricsProblems = ({ metrics }: ClusterFacts, { hpa }: RequirementsConfig): readonly string[] =>
  hpa.enabled && hpa.metric !== 'latency' && metrics === false
    ? [
        `the cluster serves no metrics.k8s.io, by which hpa:metric ${hpa.metric} scales the API: install metrics-server (https://github.com/kubernetes-sigs/metrics-server), or scale by latency: pulumi config set hpa:metric latency`,
      ]
    : [];

function kedaProblems({ keda }: ClusterFacts, config: RequirementsConfig): readonly string[] {
  const { install } = config.keda;
  const { namespace } = config.cluster;
  if (keda === undefined) return [];
  if (keda === null)
    return install
      ? []
      : [
          'the cluster has no KEDA, which scales the consumers: let this stack install it: pulumi config set keda:install true',
        ];
  const scaled = [namespace, ...(config.hpa.enabled && config.hpa.metric !== 'cpu' ? [apiNamespaceOf(namespace)] : [])];
  const unwatched = keda.watches.length === 0 ? [] : scaled.filter((one) => !keda.watches.includes(one));
  const watchesUs = unwatched.length === 0;
  // Before there was a label, KEDA watched the namespaces of its own stack only.
  const ours = keda.installer === namespace || (keda.installer === undefined && keda.watches.includes(namespace));
  if (install && ours) return [];
  const where = `KEDA in the namespace ${keda.namespace}`;
  const watchAll =
    'let it watch all: pulumi config set keda:watchAll true in the stack that installs it, or the value watchNamespace "" of its chart';
  if (install)
    return [
      `the cluster has a ${where} already, and can have only one. Share it: pulumi config set keda:install false${watchesUs ? '' : `. It watches ${listed(keda.watches)}: ${watchAll}`}`,
    ];
  return watchesUs ? [] : [`${where} watches ${listed(keda.watches)} and not ${unwatched.join(', ')}: ${watchAll}`];
}

/** Everything that the cluster lacks, each with what to do. */
export const requirementProblems = (facts: ClusterFacts, config: RequirementsConfig): readonly string[] => [
  ...storageProblems(facts, config.cluster.storageClass),
  ...ingressProblems(facts, config),
  ...priorityProblems(facts, config.cluster.priorityClass),
  ...metricsProblems(facts, config),
  ...kedaProblems(facts, config),
];

/** What the user should know before the stack is made, and may accept. */
export function requirementNotices(facts: ClusterFacts): readonly string[] {
  const enforced = enforces(facts);
  const meaning = 'without network policies every pod in it reaches the servers of the stack (docs/security.md)';
  if (enforced === false)
    return [
      `the network of the cluster, flannel, enforces no policies, and ${meaning}: add Calico (Canal), or use Cilium`,
    ];
  return enforced === undefined
    ? [`the network of the cluster is not known to enforce policies, and ${meaning}: check that it does`]
    : [];
}

interface ClassList {
  readonly items: readonly {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  }[];
}

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/** Reads `kubectl get storageclasses,ingressclasses --output=json`. */
export function parseClasses(printed: string): Pick<ClusterFacts, 'storageClasses' | 'ingressClasses'> {
  const { items } = JSON.parse(printed) as ClassList;
  return {
    storageClasses: items
      .filter(({ kind }) => kind === 'StorageClass')
      .map(({ metadata }) => ({ name: metadata.name, isDefault: metadata.annotations?.[DEFAULT_CLASS] === 'true' })),
    ingressClasses: items.filter(({ kind }) => kind === 'IngressClass').map(({ metadata }) => metadata.name),
  };
}

interface OperatorList {
  readonly items: readonly {
    readonly metadata: { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> };
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly containers: readonly {
            readonly env?: readonly { readonly name: string; readonly value?: string }[];
          }[];
        };
      };
    };
  }[];
}

/** Reads the Deployments of KEDA's operator, as `kubectl get … --output=json` prints them. */
export function parseKeda(printed: string): KedaFact | null {
  const operator = (JSON.parse(printed) as OperatorList).items[0];
  if (operator === undefined) return null;
  const { namespace, labels = {} } = operator.metadata;
  const variables = operator.spec.template.spec.containers.flatMap(({ env = [] }) => env);
  const watched = variables.find(({ name }) => name === 'WATCH_NAMESPACE')?.value ?? '';
  const installer = labels[INSTALLER_LABEL];
  return {
    namespace,
    watches: watched.split(',').filter((one) => one !== ''),
    ...(installer !== undefined && { installer }),
  };
}
