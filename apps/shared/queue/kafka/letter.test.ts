import { expect, test } from '@jest/globals';
import { makeGroup } from '../../group.ts';
import { encodeRecord } from '../../record.ts';
import type { KafkaMessage } from './batch.ts';
import { decodeLetter, encodeLetter } from './letter.ts';

const { records } = makeGroup('0'.repeat(21), [{ type: 'post', origin: 'test', payloads: ['Grüße'] }]);
const [record] = records;
const at = '2026-01-02T03:04:05.000Z';

/** As it comes back from Kafka. */
const stored = ({ key, value, headers = {} }: KafkaMessage) => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value as string),
  headers: Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const),
});

test('the record itself is the message', () => {
  const message = encodeLetter({ id: 'a', content: record!, reason: 'too large' }, at);
  expect(message.value!.toString()).toBe(encodeRecord(record!));
  expect(decodeLetter('a', stored(message))).toEqual({ id: 'a', reason: 'too large', failedAt: at, record });
});

test('what is no record is kept as it is', () => {
  const content = { key: Buffer.from('who'), value: Buffer.from('{no record') };
  const letter = decodeLetter('b', stored(encodeLetter({ id: 'b', content, reason: 'not JSON' }, at)));
  expect(letter?.record).toMatchObject({ _id: '', type: 'unreadable', payload: '{no record', origin: 'who' });
});

test('a long reason is cut', () => {
  const { headers } = encodeLetter({ id: 'c', content: record!, reason: 'x'.repeat(1 << 20) }, at);
  expect(headers!.reason).toHaveLength(1_000);
});

test('an empty message is no letter any more', () => {
  expect(decodeLetter('d', { key: Buffer.from('d'), value: null, headers: [] })).toBeUndefined();
});

test('letters of an earlier version are read', () => {
  const value = Buffer.from(JSON.stringify({ reason: 'old', failedAt: at, record }));
  expect(decodeLetter('e', { key: Buffer.from('e'), value, headers: [] })).toEqual({
    id: 'e',
    reason: 'old',
    failedAt: at,
    record,
  });
});
