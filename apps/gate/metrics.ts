// The gate's metrics, each named once.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What is read when the metrics are asked for. */
export interface GateReadings {
  operationsPerSecond: () => number;
  queueLength: () => number;
  connections: () => number;
  upstreamUp: () => boolean;
}

/** What the gate reports as it happens. */
export interface GateMetrics {
  /** One operation (cost unit) was let through. */
  operation(kind: string): void;
  command(label: string): void;
  abandoned(label: string): void;
  waited(seconds: number): void;
  /** A client was turned away. */
  refused(): void;
  malformed(side: string): void;
}

const WAIT_BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Registers the metrics. @param limit operations a second, 0 = unlimited */
export function createGateMetrics(registry: Registry, limit: number, readings: GateReadings): GateMetrics {
  const registers = [registry];
  const operations = new Counter({
    name: 'breakwater_gate_operations_total',
    help: 'Operations let through to MongoDB (1 a command, and 1 for each further 256 KiB of request or reply)',
    labelNames: ['kind'],
    registers,
  });
  const commands = new Counter({
    name: 'breakwater_gate_commands_total',
    help: 'Commands received, free ones (handshake, monitoring, sessions) included',
    labelNames: ['command'],
    registers,
  });
  const abandoned = new Counter({
    name: 'breakwater_gate_abandoned_commands_total',
    help: 'Commands dropped because their client left while they waited; MongoDB never saw them',
    labelNames: ['command'],
    registers,
  });
  const refused = new Counter({
    name: 'breakwater_gate_refused_connections_total',
    help: 'Clients turned away because MongoDB could not be reached',
    registers,
  });
  const malformed = new Counter({
    name: 'breakwater_gate_malformed_messages_total',
    help: "Connections closed because a side sent what is not MongoDB's wire protocol",
    labelNames: ['side'],
    registers,
  });
  const wait = new Histogram({
    name: 'breakwater_gate_wait_seconds',
    help: 'How long operations waited to be let through',
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
    'Operations let through in the last full second',
    readings.operationsPerSecond,
  );
  gauge('breakwater_gate_limit_operations_per_second', 'Operations a second that may pass; 0 = unlimited', () => limit);
  gauge('breakwater_gate_queue_length', 'Operations that wait to be let through', readings.queueLength);
  gauge('breakwater_gate_connections', 'Connected clients', readings.connections);
  gauge('breakwater_gate_upstream_up', 'Whether MongoDB can be reached: 1 or 0', () => Number(readings.upstreamUp()));
  return {
    operation: (kind) => operations.inc({ kind }),
    command: (command) => commands.inc({ command }),
    abandoned: (command) => abandoned.inc({ command }),
    waited: (seconds) => wait.observe(seconds),
    refused: () => refused.inc(),
    malformed: (side) => malformed.inc({ side }),
  };
}
