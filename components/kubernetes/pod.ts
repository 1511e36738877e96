// The hardened pod that every workload of the stack runs in. It passes Pod Security `restricted`,
// and has memory limits, a read-only root and no service-account token. Opting out is explicit.
import type * as k8s from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { PULL_SECRET } from '../images/pull-secret.ts';
import { labelsOf, selectorOf } from './labels.ts';

type PodSpec = k8s.types.input.core.v1.PodSpec;
type Container = k8s.types.input.core.v1.Container;
type Volume = k8s.types.input.core.v1.Volume;
type VolumeMount = k8s.types.input.core.v1.VolumeMount;
type Toleration = k8s.types.input.core.v1.Toleration;
type Probe = k8s.types.input.core.v1.Probe;
type PodTemplate = k8s.types.input.core.v1.PodTemplateSpec;

/** A kernel setting of the pod's own network namespace. */
export interface PodSysctl {
  readonly name: string;
  readonly value: string;
}

/**
 * A secret that the container reads from a file, whose path is in its environment.
 */
export interface SecretFile {
  /** `REDIS_PASSWORD`; the container gets `REDIS_PASSWORD_FILE`. */
  readonly variable: string;
  /** Name of the Kubernetes Secret, in the pod's namespace. */
  readonly secret: Input<string>;
  /** Key within the Secret. */
  readonly key: string;
}

/**
 * A secret in the container's environment, for third-party images that read it from nowhere else.
 * Our own apps take `SecretFile`.
 */
export interface SecretVariable {
  readonly variable: string;
  /** Name of the Kubernetes Secret, in the pod's namespace. */
  readonly secret: Input<string>;
  /** Key within the Secret. */
  readonly key: string;
}

/**
 * A folder that the container may write to, although its root is read-only. It starts empty.
 */
export interface ScratchFolder {
  readonly path: string;
  /** Size above which the pod is evicted. @default 64 */
  readonly sizeMiB?: number;
}

/** One hardened container. */
export interface ContainerArgs {
  readonly name: string;
  readonly image: Input<string>;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** Names of ConfigMaps that become environment variables. */
  readonly environmentFrom?: readonly Input<string>[];
  /** Environment variables that do not need a ConfigMap. */
  readonly environment?: Readonly<Record<string, Input<string>>>;
  readonly secretFiles?: readonly SecretFile[];
  readonly secretVariables?: readonly SecretVariable[];
  readonly ports?: readonly { readonly name: string; readonly port: number }[];
  /** Memory limit. */
  readonly memoryMiB: number;
  /**
   * Memory request. Where records pass, it equals the limit, so that no node promises memory that
   * it lacks. Less is for what people look at, whose peaks are rare and whose end loses nothing.
   * @default the limit
   */
  readonly memoryRequestMiB?: number;
  /**
   * CPU request, in thousandths of a core. There is no limit: throttling only adds latency.
   * @default 10
   */
  readonly cpuMillis?: number;
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  /** Writable folders. `/tmp` is always one of them. */
  readonly scratch?: readonly ScratchFolder[];
  /** Mounts of the pod's `volumes`. */
  readonly mounts?: readonly VolumeMount[];
  readonly lifecycle?: k8s.types.input.core.v1.Lifecycle;
  /**
   * `Always` makes an init container a sidecar, which starts first and stops last.
   */
  readonly restartPolicy?: 'Always';
}

/**
 * What the config says about all pods of the stack: where they run, and who may pull their images.
 */
export type PodConfig = Pick<StackConfig, 'cluster' | 'images'>;

/** One hardened pod. */
export interface PodArgs {
  readonly config: PodConfig;
  /** Name of the component. Labels, selectors and the spread over nodes are derived from it. */
  readonly component: string;
  /** User and group id of the processes; not 0. */
  readonly userId: number;
  readonly containers: readonly ContainerArgs[];
  readonly initContainers?: readonly ContainerArgs[];
  readonly volumes?: readonly Volume[];
  readonly sysctls?: readonly PodSysctl[];
  /** Time from SIGTERM to SIGKILL. @default 30 */
  readonly terminationGraceSeconds?: number;
  /** Nodes that the pod may run on, by label. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /**
   * Service account whose token is mounted, for pods that call the Kubernetes API.
   * @default no token is mounted
   */
  readonly serviceAccount?: Input<string>;
  /**
   * Service account by which EKS gives the pod rights on AWS; no token for Kubernetes is mounted.
   * @default that of the namespace, without rights
   */
  readonly identity?: Input<string>;
  /** `Never` for jobs. @default Always */
  readonly restartPolicy?: 'Always' | 'Never' | 'OnFailure';
}

const SECRETS = '/run/secrets/breakwater';

const scratchVolume = (container: string, index: number): string => `${container}-scratch-${index}`;
const secretVolume = (container: string, index: number): string => `${container}-secret-${index}`;

const TOKEN = { name: 'service-account', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true };

/**
 * What Kubernetes mounts by default: a renewed token, the cluster's certificate, the namespace.
 */
const tokenVolume: Volume = {
  name: TOKEN.name,
  projected: {
    defaultMode: 0o440,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3_607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ],
  },
};

const foldersOf = (container: ContainerArgs): readonly ScratchFolder[] => [
  ...(container.scratch?.some(({ path }) => path === '/tmp') ? [] : [{ path: '/tmp' }]),
  ...(container.scratch ?? []),
];

function volumesOf(container: ContainerArgs): Volume[] {
  return [
    ...foldersOf(container).map(({ sizeMiB = 64 }, index) => ({
      name: scratchVolume(container.name, index),
      emptyDir: { sizeLimit: `${sizeMiB}Mi` },
    })),
    ...(container.secretFiles ?? []).map(({ secret, key }, index) => ({
      name: secretVolume(container.name, index),
      secret: { secretName: secret, items: [{ key, path: key }], defaultMode: 0o440 },
    })),
  ];
}

function mountsOf(container: ContainerArgs): VolumeMount[] {
  return [
    ...foldersOf(container).map(({ path }, index) => ({ name: scratchVolume(container.name, index), mountPath: path })),
    ...(container.secretFiles ?? []).map(({ variable }, index) => ({
      name: secretVolume(container.name, index),
      mountPath: `${SECRETS}/${variable.toLowerCase()}`,
      readOnly: true,
    })),
    ...(container.mounts ?? []),
  ];
}

function environmentOf(container: ContainerArgs): k8s.types.input.core.v1.EnvVar[] {
  const files = (container.secretFiles ?? []).map(({ variable, key }) => ({
    name: `${variable}_FILE`,
    value: `${SECRETS}/${variable.toLowerCase()}/${key}`,
  }));
  const secrets = (container.secretVariables ?? []).map(({ variable, secret, key }) => ({
    name: variable,
    valueFrom: { secretKeyRef: { name: secret, key } },
  }));
  return [
    ...Object.entries(container.environment ?? {}).map(([name, value]) => ({ name, value })),
    ...files,
    ...secrets,
  ];
}

function hardenedContainer(container: ContainerArgs): Container {
  const { cpuMillis = 10, memoryMiB, memoryRequestMiB = memoryMiB } = container;
  return {
    name: container.name,
    image: container.image,
    ...(container.command && { command: [...container.command] }),
    ...(container.args && { args: [...container.args] }),
    ...(container.restartPolicy && { restartPolicy: container.restartPolicy }),
    ...(container.ports && { ports: container.ports.map(({ name, port }) => ({ name, containerPort: port })) }),
    ...(container.environmentFrom && {
      envFrom: container.environmentFrom.map((name) => ({ configMapRef: { name } })),
    }),
    env: environmentOf(container),
    resources: {
      requests: { cpu: `${cpuMillis}m`, memory: `${memoryRequestMiB}Mi` },
      limits: { memory: `${memoryMiB}Mi` },
    },
    ...(container.startupProbe && { startupProbe: container.startupProbe }),
    ...(container.readinessProbe && { readinessProbe: container.readinessProbe }),
    ...(container.livenessProbe && { livenessProbe: container.livenessProbe }),
    ...(container.lifecycle && { lifecycle: container.lifecycle }),
    volumeMounts: mountsOf(container),
    // The last lines of a failed container show in `kubectl describe` and in Pulumi's error.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

/** A toleration. @param taint `value:effect`, or `:effect` for any value (`cluster:tolerations`) */
function tolerationOf(key: string, taint: string): Toleration {
  const [, value, effect] = /^(.*):(.*)$/.exec(taint) ?? [];
  return value ? { key, operator: 'Equal', value, effect } : { key, operator: 'Exists', effect };
}

/** Nodes by the values of their labels. @param labels values with commas (`cluster:nodeAffinity`) */
function nodeAffinity(labels: Readonly<Record<string, string>>) {
  const matchExpressions = Object.entries(labels).map(([key, values]) => ({
    key,
    operator: 'In',
    values: values.split(',').map((value) => value.trim()),
  }));
  return { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } };
}

/** What the config adds to every pod. @param selector labels of nodes that it needs besides */
export function placement({ cluster, images }: PodConfig, selector?: PodArgs['nodeSelector']) {
  const nodeSelector = { ...cluster.nodeSelector, ...selector };
  const tolerations = Object.entries(cluster.tolerations).map(([key, taint]) => tolerationOf(key, taint));
  return {
    ...(images.pullSecret !== undefined && { imagePullSecrets: [{ name: PULL_SECRET }] }),
    ...(cluster.priorityClass !== undefined && { priorityClassName: cluster.priorityClass }),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(Object.keys(cluster.nodeAffinity).length > 0 && {
      affinity: { nodeAffinity: nodeAffinity(cluster.nodeAffinity) },
    }),
    ...(tolerations.length > 0 && { tolerations }),
  };
}

/** The spec of a hardened pod, spread over the nodes as evenly as possible. */
function podSpec(args: PodArgs): PodSpec {
  const { component, userId, containers, initContainers = [], terminationGraceSeconds = 30 } = args;
  const withToken = args.serviceAccount !== undefined;
  const account = args.serviceAccount ?? args.identity;
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: terminationGraceSeconds,
    ...(args.restartPolicy && { restartPolicy: args.restartPolicy }),
    ...placement(args.config, args.nodeSelector),
    ...(account !== undefined && { serviceAccountName: account }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
      ...(args.sysctls?.length && { sysctls: args.sysctls.map(({ name, value }) => ({ name, value })) }),
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { ...selectorOf(component) } },
      },
    ],
    ...(initContainers.length > 0 && { initContainers: initContainers.map(hardenedContainer) }),
    containers: containers.map((container) =>
      hardenedContainer(withToken ? { ...container, mounts: [...(container.mounts ?? []), TOKEN] } : container),
    ),
    volumes: [
      ...[...initContainers, ...containers].flatMap(volumesOf),
      ...(args.volumes ?? []),
      ...(withToken ? [tokenVolume] : []),
    ],
  };
}

/** The template of a hardened pod, for a Deployment, StatefulSet or Job. */
export const podTemplate = (args: PodArgs): PodTemplate => ({
  metadata: { labels: { ...labelsOf(args.component) } },
  spec: podSpec(args),
});
