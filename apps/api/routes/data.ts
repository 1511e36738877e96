// /api/data: five reads, five writes.
import type { Request } from 'express';
import { payloadsFor } from '../../shared/payload.ts';
import { type ApiResponse, sendJson } from '../answer.ts';
import type { Catalogue } from '../catalogue.ts';
import type { RecordReader } from '../record-reader.ts';
import type { RecordWriter } from '../record-writer.ts';
import { parseDataBody, parseOrigin, WRITES } from '../validate.ts';

const READS = 5;

export interface DataRouteParts {
  reader: RecordReader;
  writer: RecordWriter;
  catalogue: Catalogue;
  /** Characters of a payload that the API makes. */
  payloadChars: number;
}

export function dataRoute({ reader, writer, catalogue, payloadChars }: DataRouteParts) {
  /** Reads come first: if they fail, nothing has been stored yet and a 503 is the whole truth. */
  const serve = async (origin: string, payloads: readonly string[], res: ApiResponse): Promise<void> => {
    let reads = await readFive();
    const writes = await writer.write({ type: 'post', origin, payloads }, res.locals);
    // Only the very first requests find fewer than five records: those just accepted exist now.
    if (reads.length < READS) reads = [...new Set([...reads, ...writes])].slice(0, READS);
    sendJson(res, 200, { status: 'success', writes, reads, timestamp: new Date().toISOString() });
  };

  const readFive = async (): Promise<string[]> => {
    const ids = catalogue.pick(READS);
    const found = await reader.present(ids);
    if (found.length === ids.length) return found;
    // Some are accepted, not yet stored, and fell out of the cache: others take their place.
    const more = catalogue.pick(READS).filter((id) => !ids.includes(id));
    return [...found, ...(await reader.present(more))].slice(0, READS);
  };

  return {
    async get(req: Request, res: ApiResponse): Promise<void> {
      const origin = parseOrigin(req.get('x-origin'), res.locals.requestId);
      const payloads = payloadsFor(origin, WRITES, payloadChars);
      await serve(origin, payloads, res);
    },
    async post(req: Request, res: ApiResponse): Promise<void> {
      await serve(parseOrigin(req.get('x-origin'), res.locals.requestId), parseDataBody(req.body), res);
    },
  };
}
