// /api/records: write some, read one.
import type { Request } from 'express';
import { RECORD_ID } from '../../shared/record.ts';
import { type ApiResponse, sendJson } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import type { RecordReader } from '../record-reader.ts';
import type { RecordWriter } from '../record-writer.ts';
import { parseOrigin, parseRecordsBody } from '../validate.ts';

export function recordsRoute(reader: RecordReader, writer: RecordWriter) {
  return {
    async post(req: Request, res: ApiResponse): Promise<void> {
      const origin = parseOrigin(req.get('x-origin'), res.locals.requestId);
      const payloads = parseRecordsBody(req.body);
      const ids = await writer.write({ type: 'post', origin, payloads }, res.locals);
      sendJson(res, 202, { ids });
    },
    async get(req: Request, res: ApiResponse): Promise<void> {
      const id = String(req.params.id);
      if (!RECORD_ID.test(id)) throw new HttpError(400, 'BAD_REQUEST', 'id: must be 24 hexadecimal digits');
      const record = await reader.read(id);
      if (!record) throw new HttpError(404, 'NOT_FOUND', `there is no record ${id}`);
      sendJson(res, 200, record);
    },
  };
}
