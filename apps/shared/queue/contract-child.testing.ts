// A consumer for the contract tests: takes one batch, reports its size, and acknowledges it on the
// next message.
import { createLogger } from '../logger.ts';
import { createQueue } from './create.ts';

const { settings, limits } = JSON.parse(process.argv[2]!);
process.once('disconnect', () => process.exit(1));
const queue = createQueue(settings, createLogger('contract-child', 'silent'));
const reader = await queue.reader(limits);
const batch = await reader.next();
const told = new Promise((resolve) => process.once('message', resolve));
process.send!(batch?.documents.count);
await told;
await batch?.acknowledge();
process.send!('acknowledged');
