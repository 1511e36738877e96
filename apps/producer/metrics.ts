// The producer's metrics.
import { Counter, Gauge, type Registry } from 'prom-client';

export interface ProducerMetrics {
  messages: Counter<'outcome'>;
  rate: Gauge;
}

export function createProducerMetrics(registry: Registry): ProducerMetrics {
  return {
    messages: new Counter({
      name: 'breakwater_producer_messages_total',
      help: 'Messages by outcome: accepted by the queue, retried (once per attempt), refused permanently, given_up at shutdown',
      labelNames: ['outcome'],
      registers: [registry],
    }),
    rate: new Gauge({
      name: 'breakwater_producer_target_messages_per_second',
      help: 'Messages a second that the producer aims for',
      registers: [registry],
    }),
  };
}
