// Reads a record straight out of its BSON bytes and checks its payload there: a stress run stores tens of millions of them,
// and decoding each into objects would take longer than the run.
import { fnv1a, payloadFor } from '../../apps/shared/payload.ts';
import { expectedPayload, type Mix } from '../mixed.ts';
import type { Found } from './ledger.ts';

const STRING = 0x02;
const SIZES: Readonly<Record<number, number>> = { 1: 8, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 17: 8, 18: 8 };
const SIZED = new Set([0x03, 0x04]);

interface Fields {
  id: string;
  origin: string;
  index: number;
  /** Where the payload lies. */
  start: number;
  end: number;
}

/**
 * The record in `bytes` as the ledger wants it, null where its origin is of another run.
 * @param payloadChars the length that payloads of the API must have
 * @param mix the mix of the load; default: GET only
 * @throws TypeError where the bytes are no record of ours
 */
export function readRecord(bytes: Buffer, run: string, payloadChars: number, mix?: Mix): Found | null {
  const { id, origin, index, start, end } = fieldsOf(bytes);
  if (!origin.startsWith(`${run}/`)) return null;
  const [user, iteration, more] = origin.slice(run.length + 1).split('/');
  const found = { id, user: Number(user), iteration: Number(iteration), index };
  if (more !== undefined || !Number.isSafeInteger(found.user) || !Number.isSafeInteger(found.iteration))
    throw new TypeError(`origin ${origin} is not run/user/iteration`);
  const payload = bytes.subarray(start, end);
  const intact = mix
    ? payload.toString('utf8') === expectedPayload(origin, index, payloadChars, mix)
    : payload.length === payloadChars && isPayload(payload, origin, index);
  return { ...found, intact };
}

/** Whether these bytes are what `payloadFor(origin, index, length)` gives. */
export function isPayload(bytes: Buffer, origin: string, index: number): boolean {
  const head = `${origin}#${index} `;
  const chars = bytes.length;
  const start = fnv1a(head) % TEXT_CHARS;
  // Long payloads and those that reach the end of the text wrap round: leave that to the one who knows.
  if (chars < head.length || start + chars > TEXT_CHARS)
    return bytes.toString('latin1') === payloadFor(origin, index, chars);
  const rest = chars - head.length;
  return (
    bytes.toString('latin1', 0, head.length) === head &&
    TEXT.compare(bytes, head.length, chars, start, start + rest) === 0
  );
}

const TEXT_CHARS = 65_536;

/** The text that payloads are cut from, got by asking for one that goes all the way round. */
const TEXT = makeText();

function makeText(): Buffer {
  const head = '#0 ';
  const start = fnv1a(head) % TEXT_CHARS;
  // payloadFor('', 0, …): head, then the text from `start` to its end, then from its beginning.
  const tailChars = TEXT_CHARS - start;
  const text = payloadFor('', 0, head.length + tailChars);
  const whole = payloadFor('', 0, head.length + tailChars + TEXT_CHARS);
  return Buffer.from(whole.slice(text.length), 'latin1');
}

function fieldsOf(bytes: Buffer): Fields {
  const fields: Fields = { id: '', origin: '', index: -1, start: -1, end: -1 };
  for (let at = 4; bytes[at] !== 0; ) {
    const type = bytes[at]!;
    const nameEnd = bytes.indexOf(0, at + 1);
    const name = bytes.toString('latin1', at + 1, nameEnd);
    at = nameEnd + 1;
    if (type === STRING) {
      const start = at + 4;
      const end = start + bytes.readInt32LE(at) - 1;
      if (name === '_id') fields.id = bytes.toString('latin1', start, end);
      else if (name === 'origin') fields.origin = bytes.toString('utf8', start, end);
      else if (name === 'payload') [fields.start, fields.end] = [start, end];
      at = end + 1;
      continue;
    }
    if (name === 'index') fields.index = numberAt(bytes, type, at);
    const size = SIZED.has(type) ? bytes.readInt32LE(at) : SIZES[type];
    if (size === undefined) throw new TypeError(`field ${name} has BSON type ${type}, which records don't have`);
    at += size;
  }
  if (fields.id === '' || fields.origin === '' || fields.start < 0 || fields.index < 0)
    throw new TypeError(
      `document ${fields.id || '(without a string _id)'} is no record: origin, index or payload is missing`,
    );
  return fields;
}

function numberAt(bytes: Buffer, type: number, at: number): number {
  if (type === 0x10) return bytes.readInt32LE(at);
  if (type === 0x01) return bytes.readDoubleLE(at);
  if (type === 0x12) return Number(bytes.readBigInt64LE(at));
  return -1;
}
