// A Kafka outside, as managed ones are: TLS, and a password that is checked by SCRAM. The topics app stands for all, since they
// share the client and its settings.
import { spawn } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';
import { Admin, alterUserScramCredentialsV0 } from '@platformatic/kafka';
import { appEnvironment } from '../../../../test/app-environment.ts';
import { useCertificate } from '../../../../test/certificate.ts';
import { useKafka } from '../../../../test/servers.ts';
import { freePorts } from '../../../../tooling/ports.ts';
import { clientOptions } from './client.ts';

const { keystore, password, certificate } = useCertificate();

const [plain, outside, controller] = (await freePorts(3)) as [number, number, number];
useKafka({
  port: plain,
  settings: {
    listeners: `PLAINTEXT://127.0.0.1:${plain},OUTSIDE://127.0.0.1:${outside},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${plain},OUTSIDE://localhost:${outside}`,
    'controller.quorum.voters': `0@127.0.0.1:${controller}`,
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,OUTSIDE:SASL_SSL',
    'listener.name.outside.sasl.enabled.mechanisms': 'SCRAM-SHA-512',
    'listener.name.outside.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.outside.ssl.keystore.location': keystore,
    'listener.name.outside.ssl.keystore.password': password,
  },
});

/** The mechanism's number in Kafka's protocol. */
const SCRAM_SHA_512 = 2;
const ITERATIONS = 4_096;

beforeAll(async () => {
  const admin = new Admin({ ...clientOptions({ brokers: [`127.0.0.1:${plain}`] }, 'test'), retries: 5 });
  const [connection] = (await admin.connectToBrokers()).values();
  const salt = Buffer.from('salt');
  await alterUserScramCredentialsV0.api.async(
    connection!,
    [],
    [
      {
        name: 'someone',
        mechanism: SCRAM_SHA_512,
        iterations: ITERATIONS,
        salt,
        saltedPassword: pbkdf2Sync('secret', salt, ITERATIONS, 64, 'sha512'),
      },
    ],
  );
  await admin.close();
}, 60_000);

async function topics(change: Record<string, string> = {}): Promise<{ status: number; text: string }> {
  const main = fileURLToPath(new URL('../../../topics/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, '--dry-run'], {
    env: appEnvironment('topics', {
      KAFKA_BROKERS: `localhost:${outside}`,
      KAFKA_USERNAME: 'someone',
      KAFKA_PASSWORD: 'secret',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_TLS: 'true',
      TOPICS: '[{"name":"posts","partitions":1,"replicationFactor":1,"config":{}}]',
      BROKERS_TIMEOUT_SECONDS: '0',
      NODE_EXTRA_CA_CERTS: certificate,
      ...change,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  return new Promise((resolve) => child.once('close', (status) => resolve({ status: status ?? -1, text })));
}

test('with the right password and an authority that is known, it is reached', async () => {
  expect(await topics()).toEqual({ status: 0, text: expect.stringContaining('create posts: 1 partition') });
});

test.each<[string, Record<string, string>, RegExp]>([
  ['a wrong password', { KAFKA_PASSWORD: 'guess' }, /SASL authentication failed/],
  ['a certificate of nobody that is known', { NODE_EXTRA_CA_CERTS: '' }, /Failed: /],
  ['no TLS', { KAFKA_TLS: 'false' }, /Failed: /],
])('not with %s', async (_name, change, message) => {
  const { status, text } = await topics(change);
  expect(text).toMatch(message);
  expect(status).toBe(1);
});
