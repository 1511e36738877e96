// The pod of a broker: Kafka itself, and before it its agent, which stays until Kafka has stopped.
import type * as pulumi from '@pulumi/pulumi';
import { agentEnvironment } from '../../../config/environment.ts';
import type { StackConfig } from '../../../config/schema.ts';
import { officialImage } from '../../images/official-images.ts';
import type { Credentials } from '../../kubernetes/credentials.ts';
import type { Labels } from '../../kubernetes/labels.ts';
import { type ContainerArgs, hardenedPod } from '../../kubernetes/pod.ts';
import { METRICS_PORT } from '../../kubernetes/workload.ts';
import { BROKER_PORT, CLIENT_PORT, CONTROLLER_PORT } from './ports.ts';
import { clusterId, votersOf } from './settings.ts';

/** The user `appuser` of the official image. */
const KAFKA_USER_ID = 1000;
/**
 * How long a broker that is told to stop waits until the others can do without it, seconds: long enough for one that crashed to
 * be back, and not so long that a `destroy`, where nobody comes back, waits for nothing.
 */
const STOP_WAIT_SECONDS = 30;
/** How long it may then take to hand its partitions over, seconds. It takes two; without controllers it never ends. */
const SHUTDOWN_SECONDS = 30;
/** What the Java machine takes besides its heap, and room for the pages of the partitions' indexes, MiB. */
const BASE_MIB = 384;
/** Measured: 40 MiB of its own, the rest is Node's program, which all of a machine's pods share. */
const AGENT_MEMORY_MIB = 96;

const FILES = '/etc/breakwater';

/** Memory of the broker's container, MiB. */
export const brokerMemoryMiB = (heapMiB: number): number => heapMiB + BASE_MIB;

/** Java's options besides the heap's. */
const JVM_OPTIONS = [
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
  // A pod that comes back has another address: Java would take the old one for half a minute longer.
  '-Dsun.net.inetaddr.ttl=3',
  '-Dsun.net.inetaddr.negative.ttl=1',
].join(' ');

/** What the pod is made from. */
export interface BrokerPodArgs {
  readonly config: StackConfig;
  readonly credentials: Pick<Credentials, 'serverFiles'>;
  /** ConfigMap with the brokers' files. */
  readonly files: pulumi.Input<string>;
  /** Image of the brokers' agent by digest. */
  readonly agentImage: pulumi.Input<string>;
  /** Nodes that volumes may lie on, by label. @default all */
  readonly storageNodes?: Labels;
}

/** Kafka's container. */
export function kafkaContainer({ config, credentials }: BrokerPodArgs): ContainerArgs {
  const { cluster, images, kafka } = config;
  return {
    name: 'kafka',
    image: officialImage('kafka', images, kafka.version),
    command: ['sh', `${FILES}/start.sh`],
    environment: {
      CLUSTER_ID: clusterId(cluster.namespace),
      VOTERS: String(votersOf(kafka.brokers)),
      // Small at first: it takes the heap that it needs.
      HEAP_OPTIONS: `-Xmx${kafka.heapMiB}m -Xms${Math.min(256, kafka.heapMiB)}m`,
      JVM_OPTIONS,
    },
    secretFiles: credentials.serverFiles('CLIENT'),
    ports: [
      { name: 'clients', port: CLIENT_PORT },
      { name: 'brokers', port: BROKER_PORT },
      { name: 'controllers', port: CONTROLLER_PORT },
    ],
    memoryMiB: brokerMemoryMiB(kafka.heapMiB),
    cpuMillis: 100,
    mounts: [
      { name: 'data', mountPath: '/var/lib/kafka/data' },
      { name: 'files', mountPath: FILES, readOnly: true },
    ],
    // It listens when the controllers have let it in. After a power loss it first reads its newest segments again, and
    // without a majority of controllers it waits for them: for up to 20 minutes that is no reason to start anew.
    startupProbe: { tcpSocket: { port: 'brokers' }, periodSeconds: 1, failureThreshold: 1_200, timeoutSeconds: 5 },
    // The agent knows. It steers rolls and evictions; clients learn from Kafka itself who leads what.
    readinessProbe: {
      httpGet: { path: '/readyz', port: METRICS_PORT },
      periodSeconds: 2,
      failureThreshold: 2,
      timeoutSeconds: 5,
    },
    livenessProbe: { tcpSocket: { port: 'brokers' }, periodSeconds: 10, failureThreshold: 6, timeoutSeconds: 5 },
    lifecycle: { preStop: { httpGet: { path: '/before-stop', port: METRICS_PORT } } },
  };
}

/** The agent's container. */
export function agentContainer({ agentImage }: BrokerPodArgs): ContainerArgs {
  return {
    name: 'agent',
    image: agentImage,
    environment: {
      ...agentEnvironment({ brokerPort: BROKER_PORT, stopWaitSeconds: STOP_WAIT_SECONDS }),
      NODE_OPTIONS: '--max-old-space-size=32 --max-semi-space-size=1',
    },
    ports: [{ name: 'metrics', port: METRICS_PORT }],
    memoryMiB: AGENT_MEMORY_MIB,
    restartPolicy: 'Always',
    readinessProbe: { httpGet: { path: '/healthz', port: 'metrics' }, periodSeconds: 5, timeoutSeconds: 5 },
    // On a machine with far too much to do it was seen to take 25 seconds to start.
    livenessProbe: {
      httpGet: { path: '/healthz', port: 'metrics' },
      periodSeconds: 10,
      failureThreshold: 6,
      timeoutSeconds: 5,
    },
  };
}

/** The spec of a broker's pod; the StatefulSet adds the volume `data`. */
export const brokerPod = (name: string, args: BrokerPodArgs) =>
  hardenedPod({
    component: name,
    userId: KAFKA_USER_ID,
    initContainers: [agentContainer(args)],
    containers: [kafkaContainer(args)],
    volumes: [{ name: 'files', configMap: { name: args.files } }],
    nodeSelector: args.storageNodes,
    terminationGraceSeconds: STOP_WAIT_SECONDS + SHUTDOWN_SECONDS,
  });
