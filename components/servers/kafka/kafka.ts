// Kafka: brokers in KRaft mode as one StatefulSet. The first three are also the controllers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { emptyEnvironment } from '../../../config/environment.ts';
import type { StackConfig } from '../../../config/schema.ts';
import { brokerNodePorts } from '../../../config/servers.ts';
import type { AppImages } from '../../images/app-images.ts';
import type { Credentials } from '../../kubernetes/credentials.ts';
import { type Labels, labelsOf, NOT_WAITED_FOR, selectorOf } from '../../kubernetes/labels.ts';
import { hostOf } from '../../kubernetes/namespaces.ts';
import { statefulSetSpec } from '../../kubernetes/server.ts';
import { START_SECONDS, startTimeouts } from '../../kubernetes/start-time.ts';
import { METRICS_PORT } from '../../kubernetes/workload.ts';
import { brokerPod } from './broker-pod.ts';
import { BROKER_PORT, BROKERS_SERVICE, CLIENT_PORT, CONTROLLER_PORT, EXTERNAL_PORT } from './ports.ts';
import { type BrokerSettings, brokerSettings, formatProperties } from './settings.ts';
import { TopicsJob } from './topics-job.ts';

/** Arguments of Kafka. */
export interface KafkaArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  readonly credentials: Credentials;
  /** Images of the brokers' agent and of the topics app, which drains brokers that are removed. */
  readonly images: Pick<AppImages, 'of'>;
  /** Labels of the nodes that may hold the volumes. @default any node */
  readonly storageNodes?: Labels;
}

const fileBeside = (name: string): string => readFileSync(join(__dirname, name), 'utf8');

/** The files of a broker, by name. */
const brokerFiles = (settings: BrokerSettings): Record<string, string> => ({
  'start.sh': fileBeside('start.sh'),
  'log4j2.properties': fileBeside('log4j2.properties'),
  'controller.properties': formatProperties(brokerSettings(settings, 'controller')),
  'broker.properties': formatProperties(brokerSettings(settings, 'broker')),
});

/**
 * Kafka in the cluster. Clients bootstrap from the Service `kafka`, port 9092; the headless Service
 * `kafka-brokers` gives each broker a host name. With `kafka:nodePort`, `kafka-external-<id>` opens
 * each broker to clients outside the cluster. Brokers that are removed are drained before the
 * StatefulSet shrinks.
 */
export class Kafka extends pulumi.ComponentResource {
  /** Where clients bootstrap: `kafka.breakwater.svc:9092`. */
  readonly address: pulumi.Output<string>;

  constructor(name: string, args: KafkaArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:kafka:Kafka', name, {}, opts);
    const { namespace, config, credentials, images, storageNodes } = args;
    const { cluster, kafka } = config;
    const metadata = { namespace, labels: { ...labelsOf(name) } };
    const named = { ...metadata, name };
    const child = { parent: this };

    const files = new k8s.core.v1.ConfigMap(
      `${name}-files`,
      { metadata, immutable: true, data: brokerFiles({ ...kafka, namespace: cluster.namespace }) },
      child,
    );
    const port = (portName: string, number: number) => ({ name: portName, port: number, targetPort: portName });
    new k8s.core.v1.Service(
      name,
      {
        metadata: { ...named, annotations: { ...NOT_WAITED_FOR } },
        spec: { selector: { ...selectorOf(name) }, ports: [port('clients', CLIENT_PORT)] },
      },
      child,
    );
    const brokers = new k8s.core.v1.Service(
      BROKERS_SERVICE,
      {
        metadata: { ...metadata, name: BROKERS_SERVICE },
        spec: {
          clusterIP: 'None',
          // Brokers must find each other before any is ready, and clients must find the leader of a
          // partition even if it is not ready.
          publishNotReadyAddresses: true,
          selector: { ...selectorOf(name) },
          ports: [
            port('clients', CLIENT_PORT),
            port('brokers', BROKER_PORT),
            port('controllers', CONTROLLER_PORT),
            port('metrics', METRICS_PORT),
          ],
        },
      },
      child,
    );

    // Each broker has an address of its own, because clients connect to the leader of a partition.
    for (const [id, nodePort] of brokerNodePorts(config).entries()) {
      const external = `${name}-external-${id}`;
      new k8s.core.v1.Service(
        external,
        {
          metadata: { ...metadata, name: external, annotations: { ...NOT_WAITED_FOR } },
          spec: {
            type: 'NodePort',
            publishNotReadyAddresses: true,
            selector: { ...selectorOf(name), 'statefulset.kubernetes.io/pod-name': `${name}-${id}` },
            ports: [{ ...port('external', EXTERNAL_PORT), nodePort }],
          },
        },
        child,
      );
    }

    const drained = new TopicsJob(
      `${name}-empty`,
      {
        config,
        namespace,
        image: images.of('topics'),
        environment: emptyEnvironment(kafka.brokers, [`${hostOf(BROKERS_SERVICE, cluster.namespace)}:${CLIENT_PORT}`]),
        // The previous user: brokers accept it before and after a rotation, which follows this job.
        login: [
          { variable: 'KAFKA_USERNAME', secret: credentials.server, key: 'previousUsername' },
          { variable: 'KAFKA_PASSWORD', secret: credentials.server, key: 'previousPassword' },
        ],
        empty: true,
      },
      child,
    );

    const pod = brokerPod(name, {
      config,
      credentials,
      files: files.metadata.name,
      agentImage: images.of('kafka-agent'),
      storageNodes,
    });
    const volume = { sizeGiB: kafka.volumeGiB, storageClass: cluster.storageClass };
    new k8s.apps.v1.StatefulSet(
      name,
      {
        metadata: named,
        spec: statefulSetSpec(pod, volume, { replicas: kafka.brokers, serviceName: brokers.metadata.name }),
      },
      {
        ...child,
        dependsOn: [drained],
        protect: cluster.protect,
        // A roll takes one broker at a time.
        customTimeouts: { ...startTimeouts, update: `${START_SECONDS + 300 * kafka.brokers}s` },
      },
    );

    // A budget on a single broker would block every drain of its node.
    if (kafka.brokers > 1)
      new k8s.policy.v1.PodDisruptionBudget(
        name,
        { metadata: named, spec: { maxUnavailable: 1, selector: { matchLabels: { ...selectorOf(name) } } } },
        child,
      );
    this.address = pulumi.interpolate`${name}.${namespace}.svc:${CLIENT_PORT}`;
    this.registerOutputs({ address: this.address, statefulSet: name });
  }
}
