// SingleServer: a server of one pod with a volume (Redis, MongoDB): its StatefulSet, its Service, and its files as an immutable
// ConfigMap. One replica, so there is no disruption budget: it would block every drain of its node.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { type Labels, labelsOf, NOT_WAITED_FOR, selectorOf } from './labels.ts';
import { hardenedPod, type PodArgs } from './pod.ts';

/** The volume, for a container's `mounts`. */
export const dataMount = (path: string) => ({ name: 'data', mountPath: path });
/** The server's files, for a container's `mounts`. */
export const filesMount = (path: string) => ({ name: 'files', mountPath: path, readOnly: true });

/** Where a server's volume comes from. */
export interface VolumeArgs {
  readonly sizeGiB: number;
  /** @default the cluster's default storage class */
  readonly storageClass?: string;
  /** Nodes that volumes may lie on, by label. @default all */
  readonly storageNodes?: Labels;
  /** Whether `pulumi destroy` and replacements refuse to touch the server. */
  readonly protect: boolean;
}

/** Arguments of SingleServer. */
export interface SingleServerArgs {
  readonly namespace: pulumi.Input<string>;
  /** The pod; its containers mount `dataMount` and `filesMount`. */
  readonly pod: Omit<PodArgs, 'component' | 'volumes' | 'nodeSelector'>;
  /** Files by name, such as `redis.conf`. */
  readonly files: Readonly<Record<string, string>>;
  /** Port of the Service, and of the container port that is called `main`. */
  readonly port: number;
  readonly volume: VolumeArgs;
}

/** One pod with a volume that outlives it. The component's name is the StatefulSet's, the Service's and the pods' label. */
export class SingleServer extends pulumi.ComponentResource {
  constructor(name: string, args: SingleServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:server:SingleServer', name, {}, opts);
    const { namespace, volume } = args;
    const labels = { ...labelsOf(name) };
    const metadata = { namespace, labels };
    const child = { parent: this };

    const files = new k8s.core.v1.ConfigMap(
      `${name}-files`,
      { metadata, immutable: true, data: { ...args.files } },
      child,
    );
    new k8s.core.v1.Service(
      name,
      {
        metadata: { ...metadata, name, annotations: { ...NOT_WAITED_FOR } },
        spec: {
          selector: { ...selectorOf(name) },
          ports: [{ name: 'main', port: args.port, targetPort: 'main' }],
        },
      },
      child,
    );
    new k8s.apps.v1.StatefulSet(
      name,
      {
        metadata: { ...metadata, name },
        spec: {
          replicas: 1,
          serviceName: name,
          // With `OrderedReady` a pod that never became ready would have to be deleted by hand after the mistake is mended.
          podManagementPolicy: 'Parallel',
          selector: { matchLabels: { ...selectorOf(name) } },
          template: {
            metadata: { labels },
            spec: hardenedPod({
              ...args.pod,
              component: name,
              nodeSelector: volume.storageNodes,
              volumes: [{ name: 'files', configMap: { name: files.metadata.name } }],
            }),
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data', labels: { ...selectorOf(name) } },
              spec: {
                accessModes: ['ReadWriteOnce'],
                ...(volume.storageClass !== undefined && { storageClassName: volume.storageClass }),
                resources: { requests: { storage: `${volume.sizeGiB}Gi` } },
              },
            },
          ],
        },
      },
      { ...child, protect: volume.protect },
    );
    this.registerOutputs({});
  }
}
