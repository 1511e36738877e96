// GET and PUT /rate on the metrics server: reads the rate, or changes it while the producer runs.
import { text } from 'node:stream/consumers';
import { type Route, sendJson } from '../shared/metrics.ts';
import type { Producer } from './producer.ts';

/** PUT takes `{"rate": <messages a second>}`. */
export function rateRoute(producer: Pick<Producer, 'rate' | 'setRate'>): Route {
  return async (_url, req, res) => {
    if (req.method === 'PUT') {
      try {
        const { rate } = JSON.parse(await text(req)) as { rate?: unknown };
        if (typeof rate !== 'number') throw new RangeError('send {"rate": <messages a second>}');
        producer.setRate(rate);
      } catch (error) {
        res.statusCode = 400;
        return sendJson(res, { status: 'error', code: 'BAD_RATE', message: (error as Error).message });
      }
    }
    sendJson(res, { rate: producer.rate });
  };
}
