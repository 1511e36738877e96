// Stack files: each of this repository parses and has its main choices; a bad one says what is
// wrong.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { loadStackConfig, stackNames } from './load.ts';
import { parseStackConfig } from './parse.ts';

const root = join(import.meta.dirname, '..');

describe('the stack files of this repository', () => {
  test('are complete', () => {
    expect(stackNames(root)).toEqual([
      'aws-production',
      'aws-staging',
      'dev',
      'events',
      'production',
      'small',
      'spike',
      'staging',
      'stress',
    ]);
  });

  test.each([
    [
      'dev',
      {
        cluster: { kind: 'k3d', agents: 3 },
        queue: { kind: 'kafka', name: 'posts' },
        kafka: { brokers: 3, partitions: 3, replicationFactor: 3 },
        hpa: { enabled: false },
        monitoring: { enabled: true },
      },
    ],
    [
      'stress',
      {
        queue: { kind: 'redis-streams' },
        api: { replicas: 10, exposure: 'ingress', host: 'assessment.local' },
        hpa: { enabled: true, minReplicas: 10, maxReplicas: 30 },
      },
    ],
    [
      'spike',
      {
        queue: { kind: 'redis-streams' },
        cluster: { agents: 3, nodePortHostPort: 8000, sysctls: { 'net.core.somaxconn': '65535' } },
        api: { replicas: 3, exposure: 'nodePort', nodePort: 30_000 },
        hpa: { enabled: false },
      },
    ],
    ['events', { producer: { rate: 10 }, consumer: { minReplicas: 0, maxReplicas: 6, workMs: 5 } }],
    ['staging', { cluster: { kind: 'kubeconfig' }, api: { stickySessions: true }, hpa: { metric: 'latency' } }],
    ['aws-staging', { cluster: { kind: 'eks', protect: false }, aws: { region: 'eu-west-1' } }],
    ['aws-production', { cluster: { kind: 'eks', protect: true }, aws: { natPerZone: true } }],
    ['production', { cluster: { kind: 'kubeconfig' }, api: { stickySessions: true }, hpa: { metric: 'latency' } }],
  ])('%s', (stack, expected) => {
    expect(loadStackConfig(stack, root)).toMatchObject(expected);
  });

  // `dev` states its choices although they are the defaults; the others state what they change or
  // depend on.
  test.each(stackNames(root))('%s has no key twice and no unknown key', (stack) => {
    const { config } = parse(readFileSync(join(root, `Pulumi.${stack}.yaml`), 'utf8'), { uniqueKeys: true });
    expect(() => parseStackConfig(config)).not.toThrow();
  });
});

describe('a stack file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'breakwater-config-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (text: string) => writeFileSync(join(directory, 'Pulumi.mine.yaml'), text);

  test('that is missing: the error names the stacks that exist', () => {
    expect(() => loadStackConfig('dve', root)).toThrow(
      'there is no Pulumi.dve.yaml; the stacks here are aws-production, aws-staging, dev, events, production, small, spike, staging, stress',
    );
    expect(() => loadStackConfig('dev', directory)).toThrow('there is no Pulumi.dev.yaml; there are none here');
  });

  test('is never read from outside the folder', () => {
    expect(() => loadStackConfig('../main', directory)).toThrow('there is no Pulumi.../main.yaml');
  });

  test.each([
    ['empty', ''],
    ['without config', 'encryptionsalt: v1:abc'],
    ['with an empty config', 'config:'],
  ])('that is %s gives the defaults', (_name, text) => {
    write(text);
    expect(loadStackConfig('mine', directory)).toEqual(parseStackConfig({}));
  });

  test.each([
    [
      'text that is not YAML',
      'config: [',
      'Pulumi.mine.yaml has a problem; nothing was created or changed:\n  file: is not YAML: ',
    ],
    ['a list', '- a', 'config: is not a map; write keys as "api:replicas: 5" below it'],
    ['config as text', 'config: api', 'config: is not a map; write keys as "api:replicas: 5" below it'],
    [
      'an encrypted value of ours',
      'config:\n  api:replicas:\n    secure: v1:abc',
      'api:replicas: is encrypted, but is no secret; set it again without --secret',
    ],
    ['an unknown key', 'config:\n  api:replica: 3', 'api:replica: is not a key; did you mean api:replicas?'],
  ])('with %s is refused', (_name, text, message) => {
    write(text);
    expect(() => loadStackConfig('mine', directory)).toThrow(message);
  });

  test("ignores Pulumi's own keys, encrypted or not", () => {
    write('config:\n  pulumi:tags: {a: b}\n  kubernetes:kubeconfig:\n    secure: v1:abc\n  api:replicas: "4"');
    expect(loadStackConfig('mine', directory).api.replicas).toBe(4);
  });

  test('is overridden by options of the command line', () => {
    write('config:\n  queue:kind: kafka');
    expect(loadStackConfig('mine', directory, { 'queue:kind': 'redis-streams' }).queue.kind).toBe('redis-streams');
    expect(() => loadStackConfig('mine', directory, { 'queue:kind': 'x' })).toThrow('"x" is not valid');
  });
});
