// A consumer for the contract tests that takes one batch, says how large it is, and acknowledges it
// only when it is told to.
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
