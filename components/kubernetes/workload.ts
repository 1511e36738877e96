// Workload: the hardened Deployment that each of our apps runs as, with its config as an immutable
// ConfigMap and, if it listens on a port, a Service.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { METRICS_PORT } from '../../config/environment.ts';
import { labelsOf, NOT_WAITED_FOR, selectorOf } from './labels.ts';
import {
  type ContainerArgs,
  type PodArgs,
  type PodConfig,
  type PodSysctl,
  podTemplate,
  type SecretFile,
} from './pod.ts';
import { httpProbe } from './probes.ts';
import { type SignOnArgs, signOn } from './sign-on.ts';
import { START_SECONDS, startTimeouts } from './start-time.ts';

/** The user that the images of our apps run as (apps/Dockerfile). */
export const APP_USER_ID = 10_001;
export { METRICS_PORT };

/** Arguments of Workload. */
export interface WorkloadArgs {
  readonly config: PodConfig;
  readonly namespace: pulumi.Input<string>;
  /** Image by digest. */
  readonly image: pulumi.Input<string>;
  /** Config. A change of it rolls the pods of this workload, and no others. */
  readonly environment: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Secrets, mounted as files. @default none */
  readonly secretFiles?: readonly SecretFile[];
  /** Port that the app listens on besides its metrics. @default no such port, and no Service */
  readonly port?: number;
  /** Further ports of the Service, by name. @default none */
  readonly morePorts?: Readonly<Record<string, number>>;
  /** The page that users log in to, if single sign-on is on. @default none */
  readonly signOn?: Omit<SignOnArgs, 'namespace'>;
  /**
   * Whether the app calls AWS: on EKS it gets a service account of its own, which has rights there.
   * @default false
   */
  readonly callsAws?: boolean;
  /** Opens the Service on a port of every node. @default a ClusterIP */
  readonly service?: { readonly nodePort: number };
  /** Annotations of the Service, for ingress controllers that read them there. @default none */
  readonly serviceAnnotations?: Readonly<Record<string, string>>;
  /** Number of pods. @default an autoscaler sets it, and Pulumi leaves it alone */
  readonly replicas?: number;
  /** Memory request and limit of a pod. */
  readonly memoryMiB: number;
  /** CPU request, in thousandths of a core. @default 10 */
  readonly cpuMillis?: number;
  /** Kernel settings of the pods. @default none */
  readonly sysctls?: readonly PodSysctl[];
  /** Time from SIGTERM to SIGKILL. @default 30 */
  readonly terminationGraceSeconds?: number;
  /**
   * Whether the old pod stops first, for an app that must not run twice.
   * @default false
   */
  readonly recreate?: boolean;
}

/** The pod of an app: its probes use the metrics port, which every app has. */
const workloadPod = (
  component: string,
  args: WorkloadArgs,
  configMap: pulumi.Input<string>,
  proxy: ContainerArgs | undefined,
  identity: pulumi.Input<string> | undefined,
): PodArgs => ({
  ...(identity && { identity }),
  component,
  config: args.config,
  userId: APP_USER_ID,
  sysctls: args.sysctls,
  terminationGraceSeconds: args.terminationGraceSeconds,
  containers: [
    {
      name: component,
      image: args.image,
      environmentFrom: [configMap],
      secretFiles: args.secretFiles,
      ports: [
        { name: 'metrics', port: METRICS_PORT },
        ...(args.port === undefined ? [] : [{ name: 'main', port: args.port }]),
        ...Object.entries(args.morePorts ?? {}).map(([portName, port]) => ({ name: portName, port })),
      ],
      memoryMiB: args.memoryMiB,
      cpuMillis: args.cpuMillis,
      startupProbe: httpProbe('/healthz', 'metrics', { periodSeconds: 1, failureThreshold: 60 }),
      readinessProbe: httpProbe('/readyz', 'metrics', { periodSeconds: 2, failureThreshold: 2 }),
      livenessProbe: httpProbe('/healthz', 'metrics', { periodSeconds: 10, failureThreshold: 3 }),
    },
    ...(proxy ? [proxy] : []),
  ],
});

/**
 * One of our apps. The component's name is that of the Deployment, of the Service, and the pods'
 * label. The host name `<component>-pods` resolves to the addresses of all its pods, ready or not:
 * it is where their metrics are read.
 */
export class Workload extends pulumi.ComponentResource {
  /** Name of the Deployment. */
  readonly deployment: pulumi.Output<string>;

  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:workload:Workload', name, {}, opts);
    const { namespace, port, morePorts = {}, replicas, recreate } = args;
    const metadata = { namespace, labels: { ...labelsOf(name) } };
    const child = { parent: this };
    const proxy = args.signOn && signOn(name, { ...args.signOn, namespace }, child);

    // It has no fixed name: Pulumi creates the new one beside the old one, and the pods roll to it.
    const config = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata, immutable: true, data: args.environment },
      child,
    );

    const account =
      args.callsAws && args.config.cluster.kind === 'eks'
        ? new k8s.core.v1.ServiceAccount(
            name,
            { metadata: { ...metadata, name }, automountServiceAccountToken: false },
            child,
          ).metadata.name
        : undefined;

    this.deployment = new k8s.apps.v1.Deployment(
      name,
      {
        metadata: {
          ...metadata,
          name,
          // If an autoscaler owned the field before, Pulumi takes it over instead of failing.
          ...(replicas !== undefined && { annotations: { 'pulumi.com/patchForce': 'true' } }),
        },
        spec: {
          ...(replicas !== undefined && { replicas }),
          progressDeadlineSeconds: START_SECONDS,
          selector: { matchLabels: { ...selectorOf(name) } },
          strategy: recreate
            ? { type: 'Recreate' }
            : { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
          template: podTemplate(workloadPod(name, args, config.metadata.name, proxy, account)),
        },
      },
      { ...child, customTimeouts: startTimeouts, ...(replicas === undefined && { ignoreChanges: ['spec.replicas'] }) },
    ).metadata.name;

    new k8s.core.v1.Service(
      `${name}-pods`,
      {
        metadata: { ...metadata, name: `${name}-pods` },
        spec: {
          clusterIP: 'None',
          publishNotReadyAddresses: true,
          selector: { ...selectorOf(name) },
          ports: [{ name: 'metrics', port: METRICS_PORT, targetPort: 'metrics' }],
        },
      },
      child,
    );
    if (port !== undefined)
      new k8s.core.v1.Service(
        name,
        {
          metadata: { ...metadata, name, annotations: { ...NOT_WAITED_FOR, ...args.serviceAnnotations } },
          spec: {
            selector: { ...selectorOf(name) },
            // Without the metrics: with a node port they would be open to everybody.
            ports: [
              {
                name: 'main',
                port,
                targetPort: proxy?.name ?? 'main',
                ...(args.service && { nodePort: args.service.nodePort }),
              },
              ...Object.entries(morePorts).map(([more, number]) => ({ name: more, port: number, targetPort: more })),
            ],
            ...(args.service && { type: 'NodePort' }),
          },
        },
        child,
      );
    this.registerOutputs({ deployment: this.deployment });
  }
}
