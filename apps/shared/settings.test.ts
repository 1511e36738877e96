import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { integer, list, loadSettings, port, queueSettings, SettingsError, withQueue } from './settings.ts';

const schema = z.object({
  NAME: z.string(),
  PORT: port,
  COUNT: integer(1, 10),
  BROKERS: list.optional(),
  LEVEL: z.enum(['low', 'high']),
});

describe('loadSettings', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'breakwater-settings-'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const right = { NAME: 'x', PORT: '80', COUNT: '7', LEVEL: 'low' };

  test('texts become types; other variables are ignored', () => {
    expect(loadSettings(schema, { ...right, BROKERS: 'a:1, b:2,', OTHER: '1' })).toEqual({
      NAME: 'x',
      PORT: 80,
      COUNT: 7,
      BROKERS: ['a:1', 'b:2'],
      LEVEL: 'low',
    });
  });

  test('an empty variable is not set', () => {
    expect(loadSettings(schema, { ...right, BROKERS: '' })).not.toHaveProperty('BROKERS');
    expect(() => loadSettings(schema, { ...right, PORT: '' })).toThrow('PORT: is required and not set');
  });

  test('names every problem at once', () => {
    const load = () => loadSettings(schema, { PORT: '70000', COUNT: 'many', BROKERS: ' , ', LEVEL: 'middle' });
    expect(load).toThrow(SettingsError);
    expect(load).toThrow(
      [
        'Bad settings:',
        '  NAME: is required and not set',
        '  PORT: must be at most 65535',
        '  COUNT: must be a number',
        '  BROKERS: must name at least one entry',
        '  LEVEL: Invalid option: expected one of "low"|"high"',
      ].join('\n'),
    );
  });

  test.each([
    ['11', 'must be at most 10'],
    ['0', 'must be at least 1'],
    ['1.5', 'must be a whole number'],
    ['1e99', 'must be at most 10'],
    ['Infinity', 'must be'],
    [' ', 'must be at least 1'],
  ])('a count of %j is refused', (count, message) => {
    expect(() => loadSettings(schema, { ...right, COUNT: count })).toThrow(`COUNT: ${message}`);
  });

  test('reads X out of the file that X_FILE names, before X', () => {
    const file = join(dir, 'name');
    writeFileSync(file, 'secret with spaces \n');
    expect(loadSettings(schema, { ...right, NAME_FILE: file, NAME: 'other' }).NAME).toBe('secret with spaces ');
  });

  test('a file that cannot be read is named once', () => {
    const load = () => loadSettings(schema, { ...right, NAME: '', NAME_FILE: join(dir, 'missing') });
    expect(load).toThrow(/NAME_FILE: cannot read .*missing/);
    expect(load).not.toThrow(/is required/);
  });
});

describe('the settings of the queue', () => {
  const queue = withQueue(z.object(queueSettings));
  const redis = {
    QUEUE_KIND: 'redis-streams',
    QUEUE_NAME: 'posts',
    QUEUE_GROUP: 'store',
    QUEUE_MAX_BYTES: '1000000000',
    QUEUE_MAX_LENGTH: '10',
    REDIS_URL: 'redis://r:6379',
  };
  const kafka = {
    ...redis,
    QUEUE_KIND: 'kafka',
    KAFKA_BROKERS: 'k:9092',
    KAFKA_SASL_MECHANISM: 'PLAIN',
    KAFKA_TLS: 'false',
  };

  test('Redis Streams needs no Kafka', () => {
    expect(loadSettings(queue, redis)).not.toHaveProperty('KAFKA_BROKERS');
  });

  test('Kafka needs its address', () => {
    expect(loadSettings(queue, kafka)).toMatchObject({ KAFKA_BROKERS: ['k:9092'], KAFKA_TLS: false });
    expect(() => loadSettings(queue, { ...kafka, QUEUE_NAME: '', KAFKA_BROKERS: '', KAFKA_TLS: '' })).toThrow(
      [
        'Bad settings:',
        '  QUEUE_NAME: is required and not set',
        '  KAFKA_BROKERS: is required with QUEUE_KIND=kafka and not set',
        '  KAFKA_TLS: is required with QUEUE_KIND=kafka and not set',
      ].join('\n'),
    );
  });

  test('a wrong kind is one problem', () => {
    expect(() => loadSettings(queue, { ...redis, QUEUE_KIND: 'rabbit' })).toThrow(
      /^Bad settings:\n {2}QUEUE_KIND: [^\n]*$/,
    );
  });
});
