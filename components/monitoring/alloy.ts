// Alloy: reads the logs of the stack's pods through the Kubernetes API and hands them to Loki. It touches no node, so that its
// namespace can be as restricted as the others.
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { officialImage } from '../images/official-images.ts';
import { serverProbes } from '../kubernetes/probes.ts';
import { filesMount, Server } from '../kubernetes/server.ts';
import { ALLOY_PORT, LOKI_PORT } from './ports.ts';
import { Reader } from './reader.ts';

/** The user `alloy` of the official image. */
const USER_ID = 473;
const FILES = '/etc/breakwater';
const DATA = '/var/lib/alloy';

/**
 * Alloy's configuration. Labels are few (each combination is a stream of its own): the app, the pod, the container, the namespace and the level; ids
 * stay in the line, where LogQL finds them.
 */
export const alloyConfig = (namespaces: readonly string[]): string => `
logging {
  level  = "warn"
  format = "json"
}

discovery.kubernetes "pods" {
  role = "pod"
  namespaces {
    names = ${JSON.stringify(namespaces)}
  }
}

discovery.relabel "pods" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_label_app_kubernetes_io_name"]
    target_label  = "app"
  }
  rule {
    source_labels = ["__meta_kubernetes_namespace"]
    target_label  = "namespace"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_name"]
    target_label  = "pod"
  }
  rule {
    source_labels = ["__meta_kubernetes_pod_container_name"]
    target_label  = "container"
  }
}

loki.source.kubernetes "pods" {
  targets    = discovery.relabel.pods.output
  forward_to = [loki.process.pods.receiver]
}

loki.process "pods" {
  stage.json {
    expressions = { level = "level" }
  }
  stage.labels {
    values = { level = "" }
  }
  forward_to = [loki.write.loki.receiver]
}

loki.write "loki" {
  endpoint {
    url = "http://loki:${LOKI_PORT}/loki/api/v1/push"
  }
}
`;

export interface AlloyArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of that namespace, for what must be known before anything is made. */
  readonly namespaceName: string;
  /** Namespaces whose logs are collected. */
  readonly watched: readonly string[];
  readonly config: Pick<StackConfig, 'images'>;
}

/** Alloy on one pod. */
export class Alloy extends pulumi.ComponentResource {
  constructor(name: string, args: AlloyArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Alloy', name, {}, opts);
    const { namespace, namespaceName, watched } = args;
    const child = { parent: this };
    const reader = new Reader(name, { namespace, namespaceName, watched, resources: ['pods', 'pods/log'] }, child);
    const { address } = new Server(
      name,
      {
        namespace,
        port: ALLOY_PORT,
        files: { 'config.alloy': alloyConfig(watched) },
        pod: {
          userId: USER_ID,
          serviceAccount: reader.serviceAccount,
          containers: [
            {
              name: 'alloy',
              image: officialImage('alloy', args.config.images),
              args: [
                'run',
                `--server.http.listen-addr=0.0.0.0:${ALLOY_PORT}`,
                `--storage.path=${DATA}`,
                '--disable-reporting',
                `${FILES}/config.alloy`,
              ],
              ports: [{ name: 'main', port: ALLOY_PORT }],
              memoryMiB: 192,
              cpuMillis: 20,
              scratch: [{ path: DATA }],
              mounts: [filesMount(FILES)],
              ...serverProbes('/-/ready', '/-/healthy'),
            },
          ],
        },
      },
      { ...child, dependsOn: reader },
    );
    this.registerOutputs({ address });
  }
}
