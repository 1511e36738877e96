// The trail in the consumer's log: nothing at info, all ids at debug, in lines that a collector takes.
import { expect, test } from '@jest/globals';
import { Documents } from '../shared/group.ts';
import { createLogger } from '../shared/logger.ts';
import { makeRecords } from '../shared/record.testing.ts';
import { logBatch } from './log-batch.ts';

const records = makeRecords('post', 'run/1', Array<string>(1_100).fill('payload-canary'));
const traceparents = ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'];
const batch = { documents: Documents.ofRecords(records), redelivered: 1, traceparents };

function logged(level: string): string[] {
  const lines: string[] = [];
  logBatch(createLogger('test', level, { write: (line) => void lines.push(line) }), 'stored', batch);
  return lines;
}

test('nothing at info', () => {
  expect(logged('info')).toEqual([]);
});

test('every id with its origin at debug, no line over 50 KiB, no payload', () => {
  const lines = logged('debug');
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line.length).toBeLessThan(50 * 1024);
  const parsed = lines.map((line) => JSON.parse(line));
  expect(parsed[0]).toMatchObject({ level: 'debug', msg: 'stored', batch: 1_100, redelivered: 1 });
  const trail = Object.assign({}, ...parsed.map((line) => line.records));
  expect(Object.keys(trail).sort()).toEqual(records.map(({ _id }) => _id).sort());
  expect(new Set(Object.values(trail))).toEqual(new Set(['run/1']));
  expect(lines.join('')).not.toContain('canary');
});

test('a document that is no record is left out and does no harm', () => {
  const group = Buffer.concat([Buffer.from('0000001000000015', 'latin1'), Buffer.from([5, 0, 0, 0, 0])]);
  const documents = Documents.join([Documents.ofGroup(group), Documents.ofRecords(records.slice(0, 1))]);
  const lines: string[] = [];
  const logger = createLogger('test', 'debug', { write: (line) => void lines.push(line) });
  logBatch(logger, 'stored', { documents, redelivered: 0, traceparents: [] });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ batch: 2, records: { [records[0]!._id]: 'run/1' } }]);
});
