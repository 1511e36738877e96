// A config that cannot work: the program reports everything that is wrong with it, and declares
// nothing.
import { expect, test } from '@jest/globals';
import type { RawConfig } from '../../config/parse.ts';
import { declareProgram } from './stacks.ts';

const kafkaElsewhere = { 'kafka:external': 'b:9092', 'kafka:username': 'me', 'kafka:password': 'hunter2' };

test.each<[string, RawConfig, readonly string[], readonly string[]]>([
  [
    'all problems at once',
    { 'api:replcas': '3', 'kafka:partitions': '0', 'kafka:replicationFactor': '5' },
    [],
    [
      'api:replcas: is not a key; did you mean api:replicas?',
      'kafka:partitions: "0" is out of range; allowed: a whole number from 1 to 1000 (partitions)',
      'kafka:replicationFactor: is 5, more than kafka:brokers (3): each replica needs its own broker; allowed: 1 to 3',
    ],
  ],
  [
    'a secret in clear',
    kafkaElsewhere,
    [],
    ['kafka:password: is a secret in clear; set it again: pulumi config set --secret kafka:password'],
  ],
  [
    'a secret in clear beside other problems',
    { ...kafkaElsewhere, 'queue:kind': 'rabbit' },
    [],
    [
      'kafka:password: is a secret in clear; set it again: pulumi config set --secret kafka:password',
      'queue:kind: "rabbit" is not valid; allowed: one of kafka, redis-streams, sqs',
    ],
  ],
  [
    'one of several secrets in clear',
    { ...kafkaElsewhere, 'redis:external': 'redis://r:6379', 'redis:password': 'hunter2' },
    ['kafka:password'],
    ['redis:password: is a secret in clear; set it again: pulumi config set --secret redis:password'],
  ],
])('%s', async (_name, raw, secrets, problems) => {
  const declared: string[] = [];
  const run = declareProgram(raw, 'mine', { secrets, seen: ({ path }) => declared.push(path) });
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  const lines = problems.map((problem) => `  ${problem}`);
  await expect(run).rejects.toThrow(
    [`Pulumi.mine.yaml has ${count}; nothing was created or changed:`, ...lines].join('\n'),
  );
  expect(declared).toEqual([]);
});

test('a config that works declares its stack, and no error shows a secret', async () => {
  const declared: string[] = [];
  await declareProgram(kafkaElsewhere, 'mine', { seen: ({ path }) => declared.push(path) });
  expect(declared).toContain('api/api/api');
  await expect(declareProgram({ ...kafkaElsewhere, 'api:replicas': 'x' }, 'mine')).rejects.not.toThrow('hunter2');
});
