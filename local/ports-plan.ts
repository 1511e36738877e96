// Which port each part of the stack gets: the stack's own, or a free one beside another run.
import type { StackConfig } from '../config/schema.ts';
import { PROMETHEUS_PORT } from '../monitoring/ports.ts';
import { assertPortFree, freePorts, PortTakenError } from '../tooling/ports.ts';
import { LocalError } from './errors.ts';

/** Metrics servers on fixed ports: of the first API process and of the gate. */
const metricsPorts = { api: 9464, gate: 9465 };

export interface PortPlan {
  api: number;
  redis: number;
  mongo: number;
  gate: number;
  gateMetrics: number;
  /** One a process. */
  apiMetrics: number[];
  consumerMetrics: number[];
  producerMetrics: number;
  console: number;
  consoleMetrics: number;
  prometheus: number;
  /** The first broker's; the next ones follow it. Undefined: free ones. */
  kafka: number | undefined;
}

export interface Counts {
  apiProcesses: number;
  consumers: number;
}

/** The stack's ports. Ports that no client has to know are free ones. */
export async function planPorts(
  config: StackConfig,
  { apiProcesses, consumers }: Counts,
  free: boolean,
): Promise<PortPlan> {
  const spare = await freePorts(apiProcesses + consumers + 9);
  const take = (count: number): number[] => spare.splice(0, count);
  const one = (fixed: number): number => (free ? take(1)[0]! : fixed);
  return {
    api: one(config.api.port),
    redis: one(config.redis.port),
    mongo: one(config.mongo.port),
    gate: one(config.gate.port),
    gateMetrics: one(metricsPorts.gate),
    apiMetrics: [...(free ? [] : [metricsPorts.api]), ...take(free ? apiProcesses : apiProcesses - 1)],
    consumerMetrics: take(consumers),
    producerMetrics: take(1)[0]!,
    console: one(config.console.port),
    consoleMetrics: take(1)[0]!,
    prometheus: one(PROMETHEUS_PORT),
    kafka: free ? undefined : config.kafka.port,
  };
}

/** Ports that must be free, with their purpose; not those of servers that run elsewhere. */
export function neededPorts(
  plan: PortPlan,
  brokers: number,
  foreign: { redis: boolean; mongo: boolean; kafka: boolean },
  extras: { console: boolean; prometheus: boolean },
): Map<number, string> {
  const needed = new Map([
    [plan.api, 'the API (api:port)'],
    [plan.apiMetrics[0]!, "the API's metrics"],
    [plan.gate, 'the gate (gate:port)'],
    [plan.gateMetrics, "the gate's metrics"],
  ]);
  if (extras.prometheus) needed.set(plan.prometheus, 'Prometheus (leave out --monitoring to do without)');
  if (extras.console) needed.set(plan.console, 'the console (console:port)');
  if (!foreign.redis) needed.set(plan.redis, 'Redis (redis:port)');
  if (!foreign.mongo) needed.set(plan.mongo, 'MongoDB (mongo:port)');
  if (!foreign.kafka && plan.kafka !== undefined) {
    for (let id = 0; id < brokers; id++) needed.set(plan.kafka + id, `Kafka broker ${id} (kafka:port)`);
  }
  return needed;
}

/** @throws LocalError naming every port that is taken, and by whom */
export async function assertPortsFree(needed: ReadonlyMap<number, string>): Promise<void> {
  const results = await Promise.allSettled([...needed].map(([port, what]) => assertPortFree(port, what)));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  const other = errors.find((error) => !(error instanceof PortTakenError));
  if (other) throw other;
  if (errors.length > 0) throw new LocalError('port_taken', errors.map((error) => error.message).join('\n'));
}
