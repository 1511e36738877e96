// Kafka: brokers in KRaft mode as one StatefulSet. The first three are also the controllers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { emptyEnvironment } from '../../../config/environment.ts';
import type { StackConfig } from '../../../config/schema.ts';
import type { Credentials } from '../../kubernetes/credentials.ts';
import { type Labels, labelsOf, NOT_WAITED_FOR, selectorOf } from '../../kubernetes/labels.ts';
import { hostOf } from '../../kubernetes/namespaces.ts';
import { METRICS_PORT } from '../../kubernetes/workload.ts';
import { brokerPod } from './broker-pod.ts';
import { BROKER_PORT, BROKERS_SERVICE, CLIENT_PORT, CONTROLLER_PORT } from './ports.ts';
import { type BrokerSettings, brokerSettings, formatProperties } from './settings.ts';
import { TopicsJob } from './topics-job.ts';

/** Arguments of Kafka. */
export interface KafkaArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  readonly credentials: Credentials;
  /** Image of the topics app by digest: it empties brokers that are to go. */
  readonly topicsImage: pulumi.Input<string>;
  /** Image of the brokers' agent by digest. */
  readonly agentImage: pulumi.Input<string>;
  /** Nodes that volumes may lie on, by label. @default all */
  readonly storageNodes?: Labels;
}

const fileBeside = (name: string): string => readFileSync(join(__dirname, name), 'utf8');

/** The files of a broker, by name. */
export const brokerFiles = (settings: BrokerSettings): Record<string, string> => ({
  'start.sh': fileBeside('start.sh'),
  'log4j2.properties': fileBeside('log4j2.properties'),
  'controller.properties': formatProperties(brokerSettings(settings, 'controller')),
  'broker.properties': formatProperties(brokerSettings(settings, 'broker')),
});

/**
 * Kafka in the cluster: Service `kafka`, port 9092, for clients to begin with, and `kafka-brokers`, which names each broker.
 * Brokers that are to go are emptied before the StatefulSet shrinks.
 */
export class Kafka extends pulumi.ComponentResource {
  constructor(name: string, args: KafkaArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:kafka:Kafka', name, {}, opts);
    const { namespace, config, credentials, topicsImage, agentImage, storageNodes } = args;
    const { cluster, kafka } = config;
    const labels = { ...labelsOf(name) };
    const metadata = { namespace, labels };
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
        metadata: { ...metadata, name, annotations: { ...NOT_WAITED_FOR } },
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
          // Brokers must find each other before any is ready, and clients the one that leads their partition even if it is not.
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

    const emptied = new TopicsJob(
      `${name}-empty`,
      {
        namespace,
        image: topicsImage,
        environment: emptyEnvironment(kafka.brokers, [`${hostOf(BROKERS_SERVICE, cluster.namespace)}:${CLIENT_PORT}`]),
        // The user before: brokers know it before and after a rotation, which reaches them later than this.
        login: [
          { variable: 'KAFKA_USERNAME', secret: credentials.server, key: 'previousUsername' },
          { variable: 'KAFKA_PASSWORD', secret: credentials.server, key: 'previousPassword' },
        ],
        empty: true,
      },
      child,
    );

    new k8s.apps.v1.StatefulSet(
      name,
      {
        metadata: { ...metadata, name },
        spec: {
          replicas: kafka.brokers,
          serviceName: brokers.metadata.name,
          // All at once: a single controller would wait for the others for ever. Updates still go one by one.
          podManagementPolicy: 'Parallel',
          selector: { matchLabels: { ...selectorOf(name) } },
          template: {
            metadata: { labels },
            spec: brokerPod(name, { config, credentials, files: files.metadata.name, agentImage, storageNodes }),
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data', labels: { ...selectorOf(name) } },
              spec: {
                accessModes: ['ReadWriteOnce'],
                ...(cluster.storageClass !== undefined && { storageClassName: cluster.storageClass }),
                resources: { requests: { storage: `${kafka.volumeGiB}Gi` } },
              },
            },
          ],
        },
      },
      {
        ...child,
        dependsOn: [emptied],
        protect: cluster.protect,
        // A roll takes each broker in turn.
        customTimeouts: { create: '15m', update: `${15 + 5 * kafka.brokers}m` },
      },
    );

    // A budget on a single broker would block every drain of its node.
    if (kafka.brokers > 1)
      new k8s.policy.v1.PodDisruptionBudget(
        name,
        {
          metadata: { ...metadata, name },
          spec: { maxUnavailable: 1, selector: { matchLabels: { ...selectorOf(name) } } },
        },
        child,
      );
    this.registerOutputs({});
  }
}
