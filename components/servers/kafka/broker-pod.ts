// The pod of a broker: Kafka, and its agent, which starts first and stays until Kafka has stopped.
import type * as pulumi from '@pulumi/pulumi';
import { agentEnvironment } from '../../../config/environment.ts';
import type { StackConfig } from '../../../config/schema.ts';
import { officialImage } from '../../images/official-images.ts';
import type { Credentials } from '../../kubernetes/credentials.ts';
import type { Labels } from '../../kubernetes/labels.ts';
import type { ContainerArgs, PodArgs } from '../../kubernetes/pod.ts';
import { httpProbe, tcpProbe } from '../../kubernetes/probes.ts';
import { dataMount, filesMount } from '../../kubernetes/server.ts';
import { METRICS_PORT } from '../../kubernetes/workload.ts';
import { AGENT_MEMORY_MIB, brokerMemoryMiB } from './memory.ts';
import { BROKER_PORT, CLIENT_PORT, CONTROLLER_PORT, EXTERNAL_PORT } from './ports.ts';
import { clusterId, votersOf } from './settings.ts';

/** The user `appuser` of the official image. */
const KAFKA_USER_ID = 1000;
/**
 * How long a stopping broker waits until the others can do without it. Long enough for a crashed
 * broker to come back; short enough for a `destroy`, in which none does.
 */
const STOP_WAIT_SECONDS = 30;
/** Time to hand its partitions over. It takes two seconds; without controllers it never ends. */
const SHUTDOWN_SECONDS = 30;
const FILES = '/etc/breakwater';

/** JVM options besides the heap's. */
const JVM_OPTIONS = [
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.awt.headless=true',
  // A pod that comes back has another address. By default, Java caches the old one for 30 seconds.
  '-Dsun.net.inetaddr.ttl=3',
  '-Dsun.net.inetaddr.negative.ttl=1',
].join(' ');

/** What the pod is made from. */
export interface BrokerPodArgs {
  readonly config: StackConfig;
  readonly credentials: Pick<Credentials, 'serverFiles'>;
  /** Name of the ConfigMap with the brokers' files. */
  readonly files: pulumi.Input<string>;
  /** Image of the brokers' agent by digest. */
  readonly agentImage: pulumi.Input<string>;
  /** Labels of the nodes that may hold the volumes. @default any node */
  readonly storageNodes?: Labels;
}

function kafkaContainer({ config, credentials }: BrokerPodArgs): ContainerArgs {
  const { cluster, images, kafka } = config;
  return {
    name: 'kafka',
    image: officialImage('kafka', images, kafka.version),
    command: ['sh', `${FILES}/start.sh`],
    environment: {
      CLUSTER_ID: clusterId(cluster.namespace),
      VOTERS: String(votersOf(kafka.brokers)),
      ...(kafka.nodePort > 0 && { NODE_PORT: String(kafka.nodePort) }),
      // The heap starts small and grows to what it needs.
      HEAP_OPTIONS: `-Xmx${kafka.heapMiB}m -Xms${Math.min(256, kafka.heapMiB)}m`,
      JVM_OPTIONS,
    },
    secretFiles: credentials.serverFiles('CLIENT'),
    ports: [
      { name: 'clients', port: CLIENT_PORT },
      { name: 'brokers', port: BROKER_PORT },
      { name: 'controllers', port: CONTROLLER_PORT },
      ...(kafka.nodePort > 0 ? [{ name: 'external', port: EXTERNAL_PORT }] : []),
    ],
    memoryMiB: brokerMemoryMiB(kafka.heapMiB),
    cpuMillis: 100,
    mounts: [dataMount('/var/lib/kafka/data'), filesMount(FILES)],
    // The port opens once the controllers have admitted the broker. After a power loss it first
    // rereads its newest segments, and without a majority of controllers it waits for them: for up
    // to 20 minutes, a restart would not help.
    startupProbe: tcpProbe('brokers', { periodSeconds: 1, failureThreshold: 1_200 }),
    // The agent answers. Readiness controls rolls and evictions only: clients learn from Kafka
    // itself which broker leads a partition.
    readinessProbe: httpProbe('/readyz', METRICS_PORT, { periodSeconds: 2, failureThreshold: 2 }),
    livenessProbe: tcpProbe('brokers', { periodSeconds: 10, failureThreshold: 6 }),
    lifecycle: { preStop: { httpGet: { path: '/before-stop', port: METRICS_PORT } } },
  };
}

const agentContainer = ({ agentImage }: BrokerPodArgs): ContainerArgs => ({
  name: 'agent',
  image: agentImage,
  environment: {
    ...agentEnvironment({ brokerPort: BROKER_PORT, stopWaitSeconds: STOP_WAIT_SECONDS }),
    NODE_OPTIONS: '--max-old-space-size=32 --max-semi-space-size=1',
  },
  ports: [{ name: 'metrics', port: METRICS_PORT }],
  memoryMiB: AGENT_MEMORY_MIB,
  restartPolicy: 'Always',
  readinessProbe: httpProbe('/healthz', 'metrics', { periodSeconds: 5 }),
  // On an overloaded machine it took up to 25 seconds to start.
  livenessProbe: httpProbe('/healthz', 'metrics', { periodSeconds: 10, failureThreshold: 6 }),
});

/** A broker's pod. The StatefulSet adds the volume `data`. */
export const brokerPod = (name: string, args: BrokerPodArgs): PodArgs => ({
  component: name,
  config: args.config,
  userId: KAFKA_USER_ID,
  initContainers: [agentContainer(args)],
  containers: [kafkaContainer(args)],
  volumes: [{ name: 'files', configMap: { name: args.files } }],
  nodeSelector: args.storageNodes,
  terminationGraceSeconds: STOP_WAIT_SECONDS + SHUTDOWN_SECONDS,
});
