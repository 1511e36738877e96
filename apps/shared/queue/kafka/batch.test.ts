import { expect, test } from '@jest/globals';
import { Reader, readRecordsBatch } from '@platformatic/kafka';
import { bytesOf, encodeBatch, type KafkaMessage, stamp } from './batch.ts';

const large = Array.from({ length: 300 }, (_, i): KafkaMessage => ({ key: `key ${i}`, value: 'x'.repeat(i * 40) }));

test.each<[string, KafkaMessage[]]>([
  ['one', [{ key: 'a', value: '{}' }]],
  ['empty texts', [{ key: '', value: '' }]],
  ['unusual texts', [{ key: 'ключ', value: 'Grüße, 世界 🌊 \u0000 é' }]],
  ['a tombstone', [{ key: 'gone', value: null }]],
  ['bytes', [{ key: 'b', value: Buffer.from([0, 255, 128]) }]],
  ['headers', [{ key: 'h', value: '1', headers: { reason: 'zu groß', 'failed-at': '' } }]],
  [
    'lengths of one byte and more',
    [63, 64, 8_191, 8_192, 1 << 20].map((size) => ({ key: 'k', value: 'y'.repeat(size) })),
  ],
  ['many', large],
])('the library reads what we wrote: %s', (_, messages) => {
  const batch = encodeBatch(messages, bytesOf(messages), 1_700_000_000_000);
  stamp(batch, { producerId: 7n, producerEpoch: 3, first: 41 });
  const read = readRecordsBatch(Reader.from(batch));
  expect(read).toMatchObject({
    length: batch.length - 12,
    magic: 2,
    attributes: 0,
    lastOffsetDelta: messages.length - 1,
    firstTimestamp: 1_700_000_000_000n,
    maxTimestamp: 1_700_000_000_000n,
    producerId: 7n,
    producerEpoch: 3,
    firstSequence: 41,
  });
  expect(
    read.records.map(({ key, value, headers, offsetDelta, timestampDelta }) => ({
      key: key?.toString(),
      value: value?.toString('latin1'),
      headers: headers.map(([name, text]) => [name?.toString(), text?.toString()]),
      offsetDelta,
      timestampDelta,
    })),
  ).toEqual(
    messages.map(({ key, value, headers = {} }, i) => ({
      key,
      value: value === null ? undefined : Buffer.from(value as string).toString('latin1'),
      headers: Object.entries(headers),
      offsetDelta: i,
      timestampDelta: 0n,
    })),
  );
  expect(batch.length).toBeLessThanOrEqual(61 + bytesOf(messages));
});
