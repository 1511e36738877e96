// The naive baseline: the design that comes to mind first. Every request does its own five inserts
// and five reads, all at once, on the driver's connection pool, and answers when MongoDB has.
import type { StoredRecord } from '../../../apps/shared/document.ts';
import { express, type Request, type Response } from '../../../apps/shared/express.testing.ts';
import { GroupIds, makeGroup } from '../../../apps/shared/group.ts';
import type { connectMongo } from '../../../apps/shared/mongo.ts';
import { payloadsFor } from '../../../apps/shared/payload.ts';
import { RECORDS } from '../../../apps/shared/store/store.ts';

const RECORDS_PER_REQUEST = 5;
/** Number of ids that it remembers, to choose reads from. */
const KNOWN_IDS = 100_000;

/**
 * Serves the same request and answer as Breakwater's API, and the statistics that the load test
 * polls.
 */
export function createBaseline(db: ReturnType<typeof connectMongo>['db'], payloadChars: number) {
  const collection = db.collection<StoredRecord>(RECORDS);
  const groupIds = new GroupIds();
  const known: string[] = [];
  let accepted = 0;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app.get('/api/data', async (req: Request, res: Response) => {
    const origin = req.get('x-origin') ?? 'baseline';
    const payloads = payloadsFor(origin, RECORDS_PER_REQUEST, payloadChars);
    const { records } = makeGroup(groupIds.next(), [{ type: 'post', origin, payloads }]);
    const ids = known.length === 0 ? [] : payloads.map(() => known[Math.floor(Math.random() * known.length)]!);
    const [found] = await Promise.all([
      Promise.all(ids.map((id) => collection.findOne({ _id: id }))),
      Promise.all(records.map((one) => collection.insertOne({ ...one, createdAt: new Date(one.createdAt) }))),
    ]);
    for (const { _id } of records) {
      if (known.length < KNOWN_IDS) known.push(_id);
      else known[Math.floor(Math.random() * KNOWN_IDS)] = _id;
    }
    accepted += RECORDS_PER_REQUEST;
    res.json({
      status: 'success',
      writes: records.map(({ _id }) => _id),
      reads: found.flatMap((record) => (record ? [record._id] : [])),
      timestamp: new Date().toISOString(),
    });
  });
  // There is no queue, so the lag is 0.
  app.get('/api/stats', (_req: Request, res: Response) => {
    res.json({
      total_documents: null,
      accepted,
      lag: 0,
      deadLetters: 0,
      cacheHitRatio: null,
      mongoOperationsPerSecond: null,
    });
  });
  return app;
}
