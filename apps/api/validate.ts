// Bodies: what is wrong and where, or the payloads.
import { HttpError } from './http-error.ts';

/** Records in one request of `POST /api/records`. */
const MAX_RECORDS = 100;
/** Records that a request to `/api/data` writes. */
export const WRITES = 5;

const bad = (where: string, what: string): HttpError => new HttpError(400, 'BAD_REQUEST', `${where}: ${what}`);

function object(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw bad('body', 'must be a JSON object (with content-type application/json)');
  return body as Record<string, unknown>;
}

function onlyKeys(where: string, value: Record<string, unknown>, allowed: readonly string[]): void {
  for (const key of Object.keys(value))
    if (!allowed.includes(key))
      throw bad(where ? `${where}.${key}` : key, `is not known; allowed: ${allowed.join(', ')}`);
}

function payload(where: string, value: unknown): string {
  if (typeof value !== 'string') throw bad(where, 'must be a string');
  if (value.length === 0) throw bad(where, 'must not be empty');
  // MongoDB's strings are UTF-8, which has no half characters: it would store another payload than was sent.
  if (!value.isWellFormed()) throw bad(where, 'must be well-formed Unicode (it has half a surrogate pair)');
  return value;
}

/** `{payloads: [five strings]}` @throws HttpError 400 */
export function parseDataBody(body: unknown): string[] {
  const value = object(body);
  onlyKeys('', value, ['payloads']);
  if (!Array.isArray(value.payloads) || value.payloads.length !== WRITES)
    throw bad('payloads', `must be an array of ${WRITES} strings`);
  return value.payloads.map((item, i) => payload(`payloads[${i}]`, item));
}

/** `{records: [{payload}, …]}`, 1 to 100 @throws HttpError 400 */
export function parseRecordsBody(body: unknown): string[] {
  const value = object(body);
  onlyKeys('', value, ['records']);
  const { records } = value;
  if (!Array.isArray(records) || records.length < 1 || records.length > MAX_RECORDS)
    throw bad('records', `must be an array of 1 to ${MAX_RECORDS} objects`);
  return records.map((item: unknown, i) => {
    const where = `records[${i}]`;
    if (typeof item !== 'object' || item === null || Array.isArray(item)) throw bad(where, 'must be an object');
    onlyKeys(where, item as Record<string, unknown>, ['payload']);
    return payload(`${where}.payload`, (item as { payload?: unknown }).payload);
  });
}

const ORIGIN = /^[\w./:-]{1,128}$/;

/** The caller's origin, or the request id. @throws HttpError 400 */
export function parseOrigin(header: string | undefined, requestId: string): string {
  if (header === undefined) return requestId;
  if (!ORIGIN.test(header)) throw bad('X-Origin', 'must be 1 to 128 letters, digits or any of . _ / : -');
  return header;
}
