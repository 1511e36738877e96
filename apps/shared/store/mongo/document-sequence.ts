// Sends documents to MongoDB as they are, encoded: the driver's public interface would decode and
// encode them again, which costs the consumer more than all else it does. The class is the driver's
// own (its bulk writes use it), though not exported: `store.test.ts` notices when an update of the
// driver takes it away.
import { createRequire } from 'node:module';
import type { Documents } from '../../group.ts';

const { DocumentSequence } = createRequire(import.meta.url)('mongodb/lib/cmap/commands.js') as {
  DocumentSequence: new (field: string) => { push(document: object, bytes: Buffer): void };
};

/** What `db.command` takes as the value of `documents`. */
export function documentSequence(documents: Documents): object[] {
  const sequence = new DocumentSequence('documents');
  for (const chunk of documents.chunks()) sequence.push({}, chunk);
  return sequence as unknown as object[];
}
