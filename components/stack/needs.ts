// What a stack takes: memory, CPU and disk of its pods, and of the nodes of a k3d cluster. Pure
// figures, so that `npm run doctor` needs no engine; a test compares them with the manifests.
import type { StackConfig } from '../../config/schema.ts';
import { GATE_MEMORY_MIB, PRODUCER_MEMORY_MIB } from '../apps/memory.ts';
import { traefikReplicas } from '../cluster/traefik.ts';
import { memoryOf, type OfficialContainer } from '../images/memory.ts';
import { AGENT_MEMORY_MIB, brokerMemoryMiB } from '../servers/kafka/memory.ts';
import { containerMemoryMiB } from '../servers/redis/memory.ts';
import { type Part, partsOf } from './parts.ts';

/** What the pods of one workload take. */
export interface PodNeeds {
  /** Name of the Deployment or StatefulSet. */
  readonly name: string;
  /** Pods without load. An autoscaler that starts at zero counts as one. */
  readonly replicas: number;
  /** Pods that an autoscaler may start; otherwise as `replicas`. */
  readonly most: number;
  /** Memory request of a pod, MiB: what it normally takes. */
  readonly requestMiB: number;
  /** Memory limit of a pod, MiB. */
  readonly limitMiB: number;
  /** CPU request of a pod, in thousandths of a core. */
  readonly cpuMillis: number;
  /** Size of the volume of a pod, GiB; 0 without one. */
  readonly volumeGiB: number;
}

const DEFAULT_CPU_MILLIS = 10;

interface Figures {
  readonly memoryMiB: number;
  readonly memoryRequestMiB?: number;
  readonly cpuMillis?: number;
  readonly replicas?: number;
  readonly most?: number;
  readonly volumeGiB?: number;
}

function needs(name: string, figures: Figures): PodNeeds {
  const { memoryMiB, memoryRequestMiB = memoryMiB, cpuMillis = DEFAULT_CPU_MILLIS, volumeGiB = 0 } = figures;
  const { replicas = 1, most = replicas } = figures;
  return { name, replicas, most, requestMiB: memoryRequestMiB, limitMiB: memoryMiB, cpuMillis, volumeGiB };
}

const official = (name: OfficialContainer, more: Omit<Figures, 'memoryMiB'> = {}, mib?: number): PodNeeds =>
  needs(name, { ...memoryOf(name, mib), ...more });

/** A page, with the container that users log in at. */
function withSignOn(page: PodNeeds, { sso }: StackConfig): PodNeeds {
  if (sso.issuer === undefined) return page;
  const proxy = official('oauth2-proxy');
  return {
    ...page,
    requestMiB: page.requestMiB + proxy.requestMiB,
    limitMiB: page.limitMiB + proxy.limitMiB,
    cpuMillis: page.cpuMillis + proxy.cpuMillis,
  };
}

/** What each part of the data path takes. */
function partNeeds(part: Part, config: StackConfig): readonly PodNeeds[] {
  const { api, hpa, consumer, console, kafka, redis, mongo } = config;
  switch (part) {
    case 'api': {
      const [replicas, most] = hpa.enabled ? [hpa.minReplicas, hpa.maxReplicas] : [api.replicas, api.replicas];
      return [needs(part, { memoryMiB: api.memoryMiB, cpuMillis: api.cpuMillis, replicas, most })];
    }
    case 'consumer': {
      const replicas = Math.max(1, consumer.minReplicas);
      return [needs(part, { memoryMiB: consumer.memoryMiB, replicas, most: consumer.maxReplicas })];
    }
    case 'producer':
      return [needs(part, { memoryMiB: PRODUCER_MEMORY_MIB })];
    case 'console':
      return [withSignOn(needs(part, { memoryMiB: console.memoryMiB }), config)];
    case 'gate':
      return [needs(part, { memoryMiB: GATE_MEMORY_MIB, cpuMillis: 50 })];
    case 'kafka': {
      const memoryMiB = brokerMemoryMiB(kafka.heapMiB) + AGENT_MEMORY_MIB;
      const { volumeGiB, brokers: replicas } = kafka;
      return [needs(part, { memoryMiB, cpuMillis: 100 + DEFAULT_CPU_MILLIS, replicas, volumeGiB })];
    }
    case 'redis': {
      const memoryMiB = containerMemoryMiB(redis.memoryMiB);
      return [needs(part, { memoryMiB, cpuMillis: 100, volumeGiB: redis.volumeGiB })];
    }
    case 'mongo':
      return [needs(part, { memoryMiB: mongo.memoryMiB, cpuMillis: 100, volumeGiB: mongo.volumeGiB })];
    case 'kafka-ui':
      return [withSignOn(official(part), config)];
    case 'redis-exporter':
    case 'mongo-exporter':
      return [official(part)];
    // Jobs, which end.
    case 'backup':
    case 'topics':
      return [];
  }
}

const monitoringNeeds = (config: StackConfig): readonly PodNeeds[] => {
  const { monitoring } = config;
  return monitoring.enabled
    ? [
        official('prometheus', { cpuMillis: 50, volumeGiB: monitoring.volumeGiB }, monitoring.prometheusMemoryMiB),
        official('alertmanager'),
        withSignOn(official('grafana', { cpuMillis: 20 }, monitoring.grafanaMemoryMiB), config),
        official('loki', { cpuMillis: 20, volumeGiB: monitoring.logVolumeGiB }, monitoring.lokiMemoryMiB),
        official('alloy', { cpuMillis: 20 }),
      ]
    : [];
};

/** What every workload of a stack takes. */
export const podNeeds = (config: StackConfig): readonly PodNeeds[] => [
  ...[...partsOf(config)].flatMap((part) => partNeeds(part, config)),
  ...monitoringNeeds(config),
  ...(config.keda.install ? [official('keda-operator'), official('keda-operator-metrics-apiserver')] : []),
];

/** What a stack takes as a whole. */
export interface StackNeeds {
  /** Memory that it takes without load, the nodes' own included, MiB. */
  readonly memoryMiB: number;
  /** Memory that it takes at most: all autoscalers at their maximum, all pods at their limit, MiB. */
  readonly mostMemoryMiB: number;
  /** CPU that it requests without load, in thousandths of a core. */
  readonly cpuMillis: number;
  /** The largest pod, which one node must hold. */
  readonly largest: PodNeeds;
  /** Disk for images and the first data, GiB; 0 where the nodes are not ours. */
  readonly diskGiB: number;
}

/**
 * A k3s server, 768 MiB in its own tests, with Traefik, CoreDNS, metrics-server and the local
 * provisioner, MiB.
 * @see https://docs.k3s.io/reference/resource-profiling
 */
const K3D_SERVER_MIB = 1_024;
/** A k3s agent in the same tests, MiB. */
const K3D_AGENT_MIB = 275;
/** Each further Traefik, MiB. */
const TRAEFIK_MIB = 128;
/** The load balancer (nginx) and the registry of a k3d cluster, MiB. */
const K3D_REST_MIB = 64;
/** The system pods of k3s request so much, in thousandths of a core. */
const K3D_CPU_MILLIS = 200;
/** Our images and the official ones in Docker and the registry, GiB. */
const IMAGES_GIB = 3;
/** Images that one node pulls, unpacked, and what k3s writes, GiB. */
const NODE_GIB = 2;

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

/** What a stack takes as a whole. For k3d, with the nodes, the load balancer and the registry. */
export function stackNeeds(config: StackConfig): StackNeeds {
  const { kind, servers, agents } = config.cluster;
  const k3d = kind === 'k3d';
  const pods = podNeeds(config);
  const traefiks =
    config.api.exposure === 'ingress'
      ? traefikReplicas(pods.find(({ name }) => name === 'api')?.replicas ?? 1, servers + agents)
      : 1;
  const nodesMiB = k3d
    ? servers * K3D_SERVER_MIB + agents * K3D_AGENT_MIB + (traefiks - 1) * TRAEFIK_MIB + K3D_REST_MIB
    : 0;
  return {
    memoryMiB: nodesMiB + sum(pods, ({ replicas, requestMiB }) => replicas * requestMiB),
    mostMemoryMiB: nodesMiB + sum(pods, ({ most, limitMiB }) => most * limitMiB),
    cpuMillis: (k3d ? K3D_CPU_MILLIS : 0) + sum(pods, ({ replicas, cpuMillis }) => replicas * cpuMillis),
    largest: pods.reduce((largest, pod) => (pod.requestMiB > largest.requestMiB ? pod : largest)),
    diskGiB: k3d ? IMAGES_GIB + (servers + agents) * NODE_GIB : 0,
  };
}
