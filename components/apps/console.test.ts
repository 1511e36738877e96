// The console in the cluster: its login, its targets, and what it does not know.
import { expect, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { Collector, SecretValue, valueIn } from '../program.testing.ts';
import { Console, consoleTargetsOf } from './console.ts';

function declare(raw: RawConfig = {}) {
  const collector = new Collector();
  const config = parseStackConfig(raw);
  const images = { of: () => pulumi.output('image@sha256:0') };
  const made = new Console('console', { namespace: 'breakwater', images, config });
  return { collector, made };
}

const external = { 'mongo:external': 'mongodb://db.example:27017/app' };

test.each<[string, RawConfig, Partial<ReturnType<typeof consoleTargetsOf>>]>([
  ['the defaults', {}, { gate: ['gate-pods.breakwater.svc:9464'], producer: [] }],
  ['another namespace', { 'cluster:namespace': 'mine' }, { api: ['api-pods.mine-api.svc:9464'] }],
  ['a producer', { 'producer:rate': 10 }, { producer: ['producer-pods.breakwater.svc:9464'] }],
  ['an external MongoDB: no gate', external, { gate: [], consumer: ['consumer-pods.breakwater.svc:9464'] }],
])('its targets with %s', (_what, raw, targets) => {
  expect(consoleTargetsOf(parseStackConfig(raw))).toMatchObject(targets);
});

test.each<[RawConfig, string]>([
  [{}, 'http://console.localhost:8080'],
  [{ 'cluster:httpPort': 80, 'console:host': 'c.local' }, 'http://c.local:80'],
  [
    {
      'cluster:kind': 'kubeconfig',
      'cluster:context': 'c',
      'cluster:registry': 'r.example/t',
      'console:host': 'live.example',
    },
    'http://live.example',
  ],
])('its address: %j', async (raw, url) => {
  const { collector, made } = declare(raw);
  await collector.all();
  expect(made.url).toBe(url);
});

test('the ingress routes its host name to it', async () => {
  const { collector, made } = declare({ 'console:host': 'live.example', 'console:port': 8099 });
  const { spec } = await collector.inputsOf('Ingress', 'console');
  expect(spec).toMatchObject({
    ingressClassName: 'traefik',
    rules: [{ host: 'live.example', http: { paths: [{ backend: { service: { name: 'console' } } }] } }],
  });
  expect((await collector.inputsOf('Service', 'console')).spec.ports[0]).toMatchObject({ name: 'main', port: 8099 });
  expect(made.url).toBe('http://live.example:8080');
});

test('the page needs a password, which is nowhere in clear', async () => {
  const { collector, made } = declare();
  const { stringData } = await collector.inputsOf('Secret', 'console-login');
  expect(stringData).toEqual(new SecretValue({ password: 'made-for-console-password' }));
  expect(await valueIn(made.password)).toBe('made-for-console-password');
  const { spec } = await collector.inputsOf('Deployment', 'console');
  const [container] = spec.template.spec.containers;
  expect(container.env).toEqual([
    { name: 'CONSOLE_PASSWORD_FILE', value: '/run/secrets/breakwater/console_password/password' },
  ]);
  const { data } = await collector.inputsOf('ConfigMap', 'console-config');
  expect(JSON.stringify(data)).not.toContain('made-for');
  expect(data).toMatchObject({ CONSOLE_USER: 'viewer', CONSOLE_HOST: '0.0.0.0', CONSOLE_STACK: 'test' });
});

test('a configured password replaces the random one', async () => {
  const { collector, made } = declare({ 'console:password': 'chosen' });
  expect(await valueIn(made.password)).toBe('chosen');
  expect(await collector.all('RandomPassword')).toEqual([]);
});

test("it has no controls and no server's password", async () => {
  const { collector } = declare({ 'producer:rate': 10 });
  const { data } = await collector.inputsOf('ConfigMap', 'console-config');
  expect(Object.keys(data).filter((name) => /LOAD$|PASSWORD|REDIS|KAFKA|MONGO/.test(name))).toEqual([]);
  const { spec } = await collector.inputsOf('Deployment', 'console');
  expect(spec.template.spec.automountServiceAccountToken).toBe(false);
});
