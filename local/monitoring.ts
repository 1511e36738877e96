// The monitoring of the local run: what Prometheus scrapes.
import type { StaticTargets } from '../monitoring/prometheus-config.ts';
import type { PortPlan } from './ports-plan.ts';

/** The metrics server of each running process, by job and by the process' name in the local run. */
export function prometheusTargets(plan: PortPlan, running: { producer: boolean; console: boolean }): StaticTargets {
  const at = (port: number): string => `127.0.0.1:${port}`;
  const numbered = (app: string, ports: readonly number[]) =>
    Object.fromEntries(ports.map((port, i) => [`${app}-${i}`, at(port)]));
  return {
    api: numbered('api', plan.apiMetrics),
    consumer: numbered('consumer', plan.consumerMetrics),
    gate: { gate: at(plan.gateMetrics) },
    ...(running.producer && { producer: { producer: at(plan.producerMetrics) } }),
    ...(running.console && { console: { console: at(plan.consoleMetrics) } }),
  };
}
