// Kafka's web UI: how it connects to Kafka, and that its config contains no password.
import { describe, expect, test } from '@jest/globals';
import type { Addresses } from '../../../config/environment.ts';
import { parseStackConfig } from '../../../config/parse.ts';
import { Collector } from '../../program.testing.ts';
import { KafkaUi, kafkaUiConfig } from './kafka-ui.ts';

const addresses: Addresses = { kafkaBrokers: ['a:9092', 'b:9092'], redisUrl: '', mongoUrl: '' };
const login = [
  { variable: 'KAFKA_USERNAME', secret: 'client', key: 'username' },
  { variable: 'KAFKA_PASSWORD', secret: 'client', key: 'password' },
];

describe('its config', () => {
  test.each<[string, Partial<Addresses>, boolean, Record<string, unknown>]>([
    [
      'our own Kafka',
      {},
      true,
      {
        'security.protocol': 'SASL_PLAINTEXT',
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="\${kafka_username.username}" password="\${kafka_password.password}";`,
      },
    ],
    [
      'an external one, with SCRAM over TLS',
      { kafkaSaslMechanism: 'SCRAM-SHA-512', kafkaTls: true },
      true,
      {
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'SCRAM-SHA-512',
        'sasl.jaas.config': expect.stringContaining('security.scram.ScramLoginModule required'),
      },
    ],
    ['an external one without a login', { kafkaTls: true }, false, { 'security.protocol': 'SSL' }],
    ['neither login nor TLS', {}, false, { 'security.protocol': 'PLAINTEXT' }],
  ])('%s', (_name, where, hasLogin, properties) => {
    const { kafka, spring } = JSON.parse(kafkaUiConfig({ ...addresses, ...where }, hasLogin));
    expect(kafka.clusters).toEqual([
      { name: 'breakwater', bootstrapServers: 'a:9092,b:9092', readOnly: true, properties },
    ]);
    // The import is mandatory: without a mounted login, Spring would not start.
    expect(spring).toEqual(hasLogin ? { config: { import: 'configtree:/run/secrets/breakwater/' } } : undefined);
  });
});

const containerWith = async (files: typeof login) => {
  const collector = new Collector();
  new KafkaUi('kafka-ui', { namespace: 'shop', config: parseStackConfig({}), addresses, login: files });
  const [container] = (await collector.inputsOf('Deployment', 'kafka-ui')).spec.template.spec.containers;
  const config = JSON.parse((await collector.inputsOf('ConfigMap', 'kafka-ui-files')).data['config.yml']);
  return { config, folders: container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath) };
};

test.each([
  ['with a login', login],
  ['without', []],
])('every folder that it must import is mounted: %s', async (_name, files) => {
  const { config, folders } = await containerWith(files);
  const imported = [config.spring?.config.import ?? []].flat().filter((from) => !from.startsWith('optional:'));
  for (const from of imported)
    expect(folders).toContainEqual(expect.stringMatching(new RegExp(`^${from.replace('configtree:', '')}.`)));
});

test('its placeholders name the files that are mounted', async () => {
  const collector = new Collector();
  new KafkaUi('kafka-ui', { namespace: 'shop', config: parseStackConfig({}), addresses, login });
  const { spec } = (await collector.inputsOf('Deployment', 'kafka-ui')).spec.template;
  const folders = spec.containers[0].volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
  for (const placeholder of kafkaUiConfig(addresses, true).matchAll(/\$\{(\w+)\.(\w+)\}/g))
    expect(folders).toContain(`/run/secrets/breakwater/${placeholder[1]}`);
  expect(spec.volumes).toContainEqual(
    expect.objectContaining({ secret: expect.objectContaining({ items: [{ key: 'password', path: 'password' }] }) }),
  );
  expect((await collector.inputsOf('Service', 'kafka-ui')).spec.ports).toEqual([
    { name: 'main', port: 8080, targetPort: 'main' },
  ]);
});
