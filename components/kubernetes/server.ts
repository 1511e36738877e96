// Server: a third-party program on one pod, such as Redis, Prometheus or Kafka UI. With a volume it
// is a StatefulSet, without one a Deployment. Files and a Service are optional.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { type Labels, labelsOf, NOT_WAITED_FOR, selectorOf } from './labels.ts';
import { type PodArgs, podTemplate } from './pod.ts';
import { type SignOnArgs, signOn } from './sign-on.ts';
import { START_SECONDS, startTimeouts } from './start-time.ts';

type StatefulSetSpec = k8s.types.input.apps.v1.StatefulSetSpec;
type DeploymentSpec = k8s.types.input.apps.v1.DeploymentSpec;
type Volume = k8s.types.input.core.v1.Volume;

/** Mounts the server's volume. */
export const dataMount = (mountPath: string) => ({ name: 'data', mountPath });
/** Mounts the server's files. */
export const filesMount = (mountPath: string) => ({ name: 'files', mountPath, readOnly: true });

/** A volume that outlives its pod. */
export interface VolumeArgs {
  readonly sizeGiB: number;
  /** @default the cluster's default storage class */
  readonly storageClass?: string;
}

/** The volume of a server, and what protects it. */
export interface ServerVolumeArgs extends VolumeArgs {
  /** Labels of the nodes that may hold the volume. @default any node */
  readonly storageNodes?: Labels;
  /** Whether Pulumi refuses to delete or replace the server. */
  readonly protect: boolean;
}

/** Arguments of Server. */
export interface ServerArgs {
  readonly namespace: pulumi.Input<string>;
  /** The pod. Its containers mount `filesMount` and `dataMount`. */
  readonly pod: Omit<PodArgs, 'component' | 'volumes' | 'nodeSelector'>;
  /** Files by path: `redis.conf`, `provisioning/datasources/all.yaml`. @default none */
  readonly files?: Readonly<Record<string, pulumi.Input<string>>>;
  /**
   * Port of the Service, which forwards to the container port `main`.
   * @default no Service: only Prometheus connects, and it finds pods by itself
   */
  readonly port?: number;
  /** @default none: the server keeps nothing */
  readonly volume?: ServerVolumeArgs;
  /** The page that users log in to, if single sign-on is on. @default none */
  readonly signOn?: Omit<SignOnArgs, 'namespace'>;
}

/** A StatefulSet whose pods each have a volume called `data`. */
export function statefulSetSpec(
  pod: PodArgs,
  volume: VolumeArgs,
  { replicas, serviceName }: { readonly replicas: number; readonly serviceName: pulumi.Input<string> },
): StatefulSetSpec {
  return {
    replicas,
    serviceName,
    // The alternative, `OrderedReady`, never replaces a pod that cannot become ready, and never
    // starts the second of three Kafka controllers, which become ready only together. Updates are
    // ordered either way.
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: { ...selectorOf(pod.component) } },
    template: podTemplate(pod),
    volumeClaimTemplates: [
      {
        metadata: { name: 'data', labels: { ...selectorOf(pod.component) } },
        spec: {
          accessModes: ['ReadWriteOnce'],
          ...(volume.storageClass !== undefined && { storageClassName: volume.storageClass }),
          resources: { requests: { storage: `${volume.sizeGiB}Gi` } },
        },
      },
    ],
  };
}

/** One pod that keeps nothing, so the new one may start before the old one stops. */
const deploymentSpec = (pod: PodArgs): DeploymentSpec => ({
  replicas: 1,
  progressDeadlineSeconds: START_SECONDS,
  selector: { matchLabels: { ...selectorOf(pod.component) } },
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  template: podTemplate(pod),
});

/** Keys of a ConfigMap cannot contain slashes. */
const keyOf = (path: string): string => path.replaceAll('/', '__');

/** Puts the files back into their folders; without folders, keys are file names already. */
function filesVolume(configMap: pulumi.Input<string>, paths: readonly string[]): Volume {
  const items = paths.some((path) => path.includes('/')) && {
    items: paths.map((path) => ({ key: keyOf(path), path })),
  };
  return { name: 'files', configMap: { name: configMap, ...items } };
}

/** Type tokens that servers had before there was one component for all of them. */
const FORMER_TYPES = [
  'breakwater:server:SingleServer',
  'breakwater:monitoring:SmallServer',
  'breakwater:kafka:KafkaUi',
];

/**
 * A server. The component's name is that of the StatefulSet or Deployment, of the Service, and the
 * pod's label. It has no disruption budget: on one pod, that would block every drain of the node.
 */
export class Server extends pulumi.ComponentResource {
  /** Where pods reach the server: `redis.breakwater.svc:6379`. Undefined without a Service. */
  readonly address?: pulumi.Output<string>;

  constructor(name: string, args: ServerArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [...FORMER_TYPES.map((type) => ({ type })), ...(opts?.aliases ?? [])];
    super('breakwater:server:Server', name, {}, { ...opts, aliases });
    const { namespace, files, port, volume } = args;
    const metadata = { namespace, labels: { ...labelsOf(name) } };
    const named = { ...metadata, name };
    const child = { parent: this };

    const proxy = args.signOn && signOn(name, { ...args.signOn, namespace }, child);
    const configMap =
      files &&
      new k8s.core.v1.ConfigMap(
        `${name}-files`,
        {
          metadata,
          immutable: true,
          data: Object.fromEntries(Object.entries(files).map(([path, text]) => [keyOf(path), text])),
        },
        // Kafka UI's was called `kafka-ui-config`.
        { ...child, aliases: [{ name: `${name}-config` }] },
      );
    const pod: PodArgs = {
      ...args.pod,
      containers: [...args.pod.containers, ...(proxy ? [proxy] : [])],
      component: name,
      nodeSelector: volume?.storageNodes,
      volumes: configMap && files ? [filesVolume(configMap.metadata.name, Object.keys(files))] : [],
    };
    const awaited = { ...child, customTimeouts: startTimeouts };
    const workload =
      volume === undefined
        ? new k8s.apps.v1.Deployment(name, { metadata: named, spec: deploymentSpec(pod) }, awaited)
        : new k8s.apps.v1.StatefulSet(
            name,
            { metadata: named, spec: statefulSetSpec(pod, volume, { replicas: 1, serviceName: name }) },
            { ...awaited, protect: volume.protect },
          );
    if (port !== undefined) {
      new k8s.core.v1.Service(
        name,
        {
          metadata: { ...named, annotations: { ...NOT_WAITED_FOR } },
          spec: {
            selector: { ...selectorOf(name) },
            ports: [{ name: 'main', port, targetPort: proxy?.name ?? 'main' }],
          },
        },
        child,
      );
      this.address = pulumi.interpolate`${name}.${namespace}.svc:${port}`;
    }
    this.registerOutputs({ workload: workload.metadata.name, address: this.address });
  }
}
