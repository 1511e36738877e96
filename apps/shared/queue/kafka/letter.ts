// One dead letter as a message: the record's own bytes, which the queue could take, and the rest in
// headers.
import { type DataRecord, decodeRecord, encodeRecord } from '../../record.ts';
import type { DeadLetter } from '../queue.ts';
import type { KafkaMessage } from './batch.ts';

/** What can't be stored, and why. */
export interface NewLetter {
  readonly id: string;
  /** The record, or the message that holds none. */
  readonly content: DataRecord | Pick<StoredLetter, 'key' | 'value'>;
  readonly reason: string;
}

/** A letter as it lies in the topic. */
export interface StoredLetter {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

/** A reason is for a person: MongoDB's can quote a whole document. */
const REASON_CHARS = 1_000;

/** @param failedAt when it was refused, ISO 8601 */
export function encodeLetter({ id, content, reason }: NewLetter, failedAt: string): KafkaMessage {
  const isRecord = '_id' in content;
  return {
    key: id,
    value: isRecord ? encodeRecord(content) : (content.value ?? Buffer.alloc(0)),
    headers: {
      reason: reason.slice(0, REASON_CHARS),
      'failed-at': failedAt,
      ...(!isRecord && { 'unreadable-key': content.key?.toString() ?? '' }),
    },
  };
}

/** undefined when it was dropped. */
export function decodeLetter(id: string, { value, headers }: StoredLetter): DeadLetter | undefined {
  if (value === null) return undefined;
  const texts = new Map(headers.map(([name, text]) => [name?.toString(), text?.toString() ?? '']));
  const reason = texts.get('reason');
  // Written by an earlier version: all of it is in the message.
  if (reason === undefined) return { id, ...(JSON.parse(value.toString()) as Omit<DeadLetter, 'id'>) };
  const origin = texts.get('unreadable-key');
  const record = origin === undefined ? decodeRecord(value.toString()) : unreadable(value, origin);
  return { id, reason, failedAt: texts.get('failed-at') ?? '', record };
}

/** What was no record, shown as one: without an id, its bytes as the payload. */
const unreadable = (value: Buffer, origin: string): DataRecord => ({
  _id: '',
  type: 'unreadable',
  index: 0,
  payload: value.toString(),
  createdAt: '',
  origin,
});
