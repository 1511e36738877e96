// The gate's metrics.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Values that are read when the metrics are collected. */
export interface GateReadings {
  operationsPerSecond: () => number;
  queueLength: () => number;
  connections: () => number;
  upstreamUp: () => boolean;
}

/** Events that the gate reports as they happen. */
export interface GateMetrics {
  /** One operation (unit of cost) was admitted. */
  operation(kind: string): void;
  command(label: string): void;
  abandoned(label: string): void;
  waited(seconds: number): void;
  /** A client was rejected. */
  refused(): void;
  malformed(side: string): void;
}

const WAIT_BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Registers the metrics. @param limit operations a second, 0 = unlimited */
export function createGateMetrics(registry: Registry, limit: number, readings: GateReadings): GateMetrics {
  const registers = [registry];
  const operations = new Counter({
    name: 'breakwater_gate_operations_total',
    help: 'Operations admitted to MongoDB (1 per command, and 1 for each further 256 KiB of request or reply)',
    labelNames: ['kind'],
    registers,
  });
  const commands = new Counter({
    name: 'breakwater_gate_commands_total',
    help: 'Commands received, including free ones (handshake, monitoring, sessions)',
    labelNames: ['command'],
    registers,
  });
  const abandoned = new Counter({
    name: 'breakwater_gate_abandoned_commands_total',
    help: 'Commands dropped because their client disconnected while they waited; MongoDB never received them',
    labelNames: ['command'],
    registers,
  });
  const refused = new Counter({
    name: 'breakwater_gate_refused_connections_total',
    help: 'Clients rejected because MongoDB was unreachable',
    registers,
  });
  const malformed = new Counter({
    name: 'breakwater_gate_malformed_messages_total',
    help: "Connections closed because a side did not send MongoDB's wire protocol",
    labelNames: ['side'],
    registers,
  });
  const wait = new Histogram({
    name: 'breakwater_gate_wait_seconds',
    help: 'Time that operations waited to be admitted',
    buckets: WAIT_BUCKETS_SECONDS,
    registers,
  });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge(
    'breakwater_gate_operations_per_second',
    'Operations admitted in the last full second',
    readings.operationsPerSecond,
  );
  gauge('breakwater_gate_limit_operations_per_second', 'Limit of operations a second; 0 = unlimited', () => limit);
  gauge('breakwater_gate_queue_length', 'Operations that wait to be admitted', readings.queueLength);
  gauge('breakwater_gate_connections', 'Connected clients', readings.connections);
  gauge('breakwater_gate_upstream_up', 'Whether MongoDB is reachable: 1 or 0', () => Number(readings.upstreamUp()));
  return {
    operation: (kind) => operations.inc({ kind }),
    command: (command) => commands.inc({ command }),
    abandoned: (command) => abandoned.inc({ command }),
    waited: (seconds) => wait.observe(seconds),
    refused: () => refused.inc(),
    malformed: (side) => malformed.inc({ side }),
  };
}
