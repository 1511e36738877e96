// The console's own metrics.
import { Counter, Gauge, type Registry } from 'prom-client';

export function createConsoleMetrics(registry: Registry) {
  const registers = [registry];
  return {
    viewers: new Gauge({ name: 'breakwater_console_viewers', help: 'Open pages', registers }),
    scrapes: new Counter({
      name: 'breakwater_console_scrapes_total',
      help: 'Scrapes of processes, by component and outcome (ok, failed)',
      labelNames: ['component', 'outcome'],
      registers,
    }),
  };
}
