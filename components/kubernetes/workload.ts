// Workload: the Deployment that every app of ours is, with its config as an immutable ConfigMap and, if it listens, a Service.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { METRICS_PORT } from '../../config/environment.ts';
import { labelsOf, NOT_WAITED_FOR, selectorOf } from './labels.ts';
import { hardenedPod, type PodArgs, type PodSysctl, type SecretFile } from './pod.ts';

/** The user that the images of our apps run as (apps/Dockerfile). */
export const APP_USER_ID = 10_001;
export { METRICS_PORT };

/** What an app needs to run. */
export interface WorkloadArgs {
  readonly namespace: pulumi.Input<string>;
  /** Image by digest. */
  readonly image: pulumi.Input<string>;
  /** Config. It becomes an immutable ConfigMap named after its content, so that a change rolls the pods that use it, and no others. */
  readonly environment: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** Secrets, read from files. */
  readonly secretFiles?: readonly SecretFile[];
  /** Port that the app listens on besides its metrics; a Service of the component's name leads to it. */
  readonly port?: number;
  /** Kind of that Service. @default a ClusterIP */
  readonly service?: { readonly nodePort: number };
  /** Annotations of that Service, for what reads its settings there. */
  readonly serviceAnnotations?: Readonly<Record<string, string>>;
  /** Pods. Leave it out where an autoscaler decides: a number here would fight with it. */
  readonly replicas?: number;
  /** Memory request and limit of a pod. */
  readonly memoryMiB: number;
  /** CPU request, in thousandths of a core. @default 10 */
  readonly cpuMillis?: number;
  /** Kernel settings of the pods. */
  readonly sysctls?: readonly PodSysctl[];
  /** Time from SIGTERM to SIGKILL. @default 30 */
  readonly terminationGraceSeconds?: number;
  /** Whether old pods stop before new ones start, for an app that must not run twice. @default false */
  readonly recreate?: boolean;
}

const probe = (path: string, periodSeconds: number, failureThreshold: number) => ({
  httpGet: { path, port: 'metrics' },
  periodSeconds,
  failureThreshold,
  timeoutSeconds: 5,
});

/** The pod of an app: its probes ask the metrics server, which each app has. */
export function workloadPod(
  component: string,
  args: Omit<WorkloadArgs, 'environment'>,
  configMap: pulumi.Input<string>,
) {
  const pod: PodArgs = {
    component,
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
        ],
        memoryMiB: args.memoryMiB,
        cpuMillis: args.cpuMillis,
        startupProbe: probe('/healthz', 1, 60),
        readinessProbe: probe('/readyz', 2, 2),
        livenessProbe: probe('/healthz', 10, 3),
      },
    ],
  };
  return hardenedPod(pod);
}

/**
 * A hardened Deployment of one of our apps. The component's name is the Deployment's, the Service's and the pods' label. The
 * name `<component>-pods` stands for the addresses of all its pods: who reads metrics asks each.
 */
export class Workload extends pulumi.ComponentResource {
  readonly deployment: k8s.apps.v1.Deployment;
  /** Leads to the app's port; only where it has one. */
  readonly service?: k8s.core.v1.Service;

  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:workload:Workload', name, {}, opts);
    const { namespace, port, replicas, recreate } = args;
    const metadata = { namespace, labels: { ...labelsOf(name) } };
    const child = { parent: this };

    // No name of its own: Pulumi appends one that changes with the content, makes the new before it deletes the old.
    const config = new k8s.core.v1.ConfigMap(
      `${name}-config`,
      { metadata, immutable: true, data: args.environment },
      child,
    );

    this.deployment = new k8s.apps.v1.Deployment(
      name,
      {
        metadata: {
          ...metadata,
          name,
          // Where a number is given after an autoscaler had its way, it is taken back from it instead of being refused.
          ...(replicas !== undefined && { annotations: { 'pulumi.com/patchForce': 'true' } }),
        },
        spec: {
          ...(replicas !== undefined && { replicas }),
          selector: { matchLabels: { ...selectorOf(name) } },
          strategy: recreate
            ? { type: 'Recreate' }
            : { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
          template: {
            metadata: { labels: { ...labelsOf(name) } },
            spec: workloadPod(name, args, config.metadata.name),
          },
        },
      },
      // An autoscaler owns the number of pods where none is given.
      { ...child, ...(replicas === undefined && { ignoreChanges: ['spec.replicas'] }) },
    );

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
      this.service = new k8s.core.v1.Service(
        name,
        {
          metadata: { ...metadata, name, annotations: { ...NOT_WAITED_FOR, ...args.serviceAnnotations } },
          spec: {
            selector: { ...selectorOf(name) },
            ports: [
              { name: 'main', port, targetPort: 'main', ...(args.service && { nodePort: args.service.nodePort }) },
              { name: 'metrics', port: METRICS_PORT, targetPort: 'metrics' },
            ],
            ...(args.service && { type: 'NodePort' }),
          },
        },
        child,
      );
    this.registerOutputs({});
  }
}
