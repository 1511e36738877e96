// GET and PUT /rate on the metrics server: reads the rate, or changes it while the producer runs.
import type { IncomingMessage } from 'node:http';
import { type Route, sendJson } from '../shared/metrics.ts';
import type { Producer } from './producer.ts';

/** A rate in JSON is far smaller. */
const MAX_BODY_BYTES = 1024;

/** PUT takes `{"rate": <messages a second>}`, in a body of at most 1 KiB. */
export function rateRoute(producer: Pick<Producer, 'rate' | 'setRate'>): Route {
  return async (_url, req, res) => {
    if (req.method === 'PUT') {
      try {
        const { rate } = JSON.parse(await bodyOf(req)) as { rate?: unknown };
        if (typeof rate !== 'number') throw new RangeError('send {"rate": <messages a second>}');
        producer.setRate(rate);
      } catch (error) {
        res.statusCode = 400;
        // The rest of a body that is too large is not read.
        if (!req.complete) res.setHeader('Connection', 'close');
        return sendJson(res, { status: 'error', code: 'BAD_RATE', message: (error as Error).message });
      }
    }
    sendJson(res, { rate: producer.rate });
  };
}

/** @throws RangeError when the body is too large; the rest of it is not read */
async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The connection must outlive the loop, for the answer.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError(`the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
