// A consumer for stalled.test.ts: takes batches and acknowledges each on the next message.
import { createLogger } from '../../logger.ts';
import { KafkaQueue } from './queue.ts';

process.once('disconnect', () => process.exit(1));
const { options, limits } = JSON.parse(process.argv[2]!);
const queue = new KafkaQueue(options, createLogger('stalled-child', 'silent'));
const reader = await queue.reader(limits);
for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
  const told = new Promise((resolve) => process.once('message', resolve));
  process.send!({ taken: batch.documents.records().map(({ payload }) => payload) });
  await told;
  const error = await batch.acknowledge().catch((reason: Error) => reason.message);
  process.send!({ acknowledged: error ?? true });
}
