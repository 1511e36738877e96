// Spans of the queue, by OpenTelemetry's conventions for messaging.
import type { QueueSettings } from '../queue/create.ts';
import type { Queue } from '../queue/queue.ts';
import type { SpanStart } from './tracing.ts';

export interface TracedQueue {
  readonly kind: Queue['kind'];
  readonly name: string;
  readonly group: string;
}

/** The queue that the settings ask for. */
export const tracedQueue = (
  settings: Pick<QueueSettings, 'QUEUE_KIND' | 'QUEUE_NAME' | 'QUEUE_GROUP'>,
): TracedQueue => ({
  kind: settings.QUEUE_KIND,
  name: settings.QUEUE_NAME,
  group: settings.QUEUE_GROUP,
});

const SYSTEMS: Readonly<Record<Queue['kind'], string>> = { kafka: 'kafka', 'redis-streams': 'redis', sqs: 'aws_sqs' };

const operation = ({ kind, name }: TracedQueue, type: 'send' | 'process', records: number) => ({
  name: `${type} ${name}`,
  attributes: {
    'messaging.system': SYSTEMS[kind],
    'messaging.destination.name': name,
    'messaging.operation.name': type,
    'messaging.operation.type': type,
    'messaging.batch.message_count': records,
  },
});

/** From handing records to the queue until it has confirmed them. */
export const sendSpan = (queue: TracedQueue, records: number): SpanStart => ({
  ...operation(queue, 'send', records),
  kind: 'producer',
});

/**
 * From the delivery of a batch until it is acknowledged.
 * @param records those of the whole batch
 */
export function processSpan(queue: TracedQueue, records: number): SpanStart {
  const { name, attributes } = operation(queue, 'process', records);
  return { name, kind: 'consumer', attributes: { ...attributes, 'messaging.consumer.group.name': queue.group } };
}
