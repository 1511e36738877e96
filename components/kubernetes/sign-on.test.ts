// Single sign-on: each page is behind a login of its own, and nothing else leads to it.
import { describe, expect, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { Console } from '../apps/console.ts';
import { Grafana } from '../monitoring/grafana.ts';
import { monitoringFlows } from '../monitoring/policies.ts';
import { addressesOf } from '../network/addresses.ts';
import { flowsOf } from '../network/flows.ts';
import { Collector, SecretValue } from '../program.testing.ts';
import { KafkaUi } from '../servers/kafka/kafka-ui.ts';
import { podNeeds } from '../stack/needs.ts';
import { signOnEnvironment } from './sign-on.ts';

const ISSUER = {
  'sso:issuer': 'https://login.example:8443/realm',
  'sso:clientId': 'breakwater',
  'sso:clientSecret': 'of-the-client',
};
const namespace = 'shop';

/** A page, declared as the program does. */
const pages = {
  console: (raw: RawConfig) =>
    new Console('console', {
      namespace,
      config: parseStackConfig(raw),
      images: { of: () => pulumi.output('c@sha256:0') },
    }),
  grafana: (raw: RawConfig) => new Grafana('grafana', { namespace, config: parseStackConfig(raw) }),
  'kafka-ui': (raw: RawConfig) => {
    const config = parseStackConfig(raw);
    return new KafkaUi('kafka-ui', { namespace, config, addresses: addressesOf(config), login: [] });
  },
};

async function declare(page: keyof typeof pages, raw: RawConfig) {
  const collector = new Collector();
  const made = pages[page](raw);
  const { containers } = (await collector.inputsOf('Deployment', page)).spec.template.spec;
  const [port] = (await collector.inputsOf('Service', page)).spec.ports;
  return { collector, made, containers, port };
}
type Container = { readonly name: string; readonly env: readonly { readonly name: string; readonly value: string }[] };
const envOf = ({ env }: Container) => Object.fromEntries(env.map(({ name, value }) => [name, value]));

describe.each([
  ['console', 'http://console.localhost:8080', 8088],
  ['grafana', 'http://grafana.localhost:8080', 3000],
  ['kafka-ui', 'http://kafka.localhost:8080', 8080],
] as const)('%s', (page, url, port) => {
  test('is reached through the login only', async () => {
    const { collector, containers, port: servicePort } = await declare(page, ISSUER);
    expect(containers.map(({ name }: Container) => name)).toEqual([page, 'oauth2-proxy']);
    expect(containers[1].ports).toEqual([{ name: 'oauth2-proxy', containerPort: 4180 }]);
    expect(envOf(containers[1])).toMatchObject({
      OAUTH2_PROXY_REDIRECT_URL: `${url}/oauth2/callback`,
      OAUTH2_PROXY_UPSTREAMS: `http://127.0.0.1:${port}`,
      OAUTH2_PROXY_COOKIE_SECURE: 'false',
    });
    expect(servicePort).toMatchObject({ name: 'main', port, targetPort: 'oauth2-proxy' });
    const { rules } = (await collector.inputsOf('Ingress', page)).spec;
    expect(rules).toMatchObject([
      { host: new URL(url).hostname, http: { paths: [{ backend: { service: { name: page } } }] } },
    ]);
  });

  test('its secrets are in files, and the cookie is encrypted with 32 bytes', async () => {
    const { collector, containers } = await declare(page, ISSUER);
    expect((await collector.inputsOf('Secret', `${page}-sign-on`)).stringData).toEqual(
      new SecretValue({ clientSecret: 'of-the-client', cookie: `made-for-${page}-cookie` }),
    );
    expect(envOf(containers[1])).toMatchObject({
      OAUTH2_PROXY_CLIENT_SECRET_FILE: '/run/secrets/breakwater/oauth2_proxy_client_secret/clientSecret',
      OAUTH2_PROXY_COOKIE_SECRET_FILE: '/run/secrets/breakwater/oauth2_proxy_cookie_secret/cookie',
    });
    expect(JSON.stringify(containers)).not.toContain('of-the-client');
    expect(await collector.inputsOf('RandomPassword', `${page}-cookie`)).toMatchObject({ length: 32 });
  });

  test('has no such container without an issuer', async () => {
    const { containers, port: servicePort } = await declare(page, {});
    expect(containers).toHaveLength(1);
    expect(servicePort.targetPort).toBe('main');
  });

  test('what it takes includes the login', () => {
    const limitOf = (raw: RawConfig) => podNeeds(parseStackConfig(raw)).find(({ name }) => name === page)!.limitMiB;
    expect(limitOf(ISSUER) - limitOf({})).toBe(128);
  });
});

test('the console has no password then, and only its pod reaches it', async () => {
  const { collector, made, containers } = await declare('console', { ...ISSUER, 'console:password': 'unused' });
  expect((made as Console).password).toBeUndefined();
  expect(JSON.stringify(containers[0])).not.toContain('CONSOLE_PASSWORD');
  expect((await collector.inputsOf('ConfigMap', 'console-config')).data).toMatchObject({ CONSOLE_HOST: '127.0.0.1' });
  // It refuses other names than this machine's (apps/console/access.ts).
  expect(envOf(containers[1])).toMatchObject({ OAUTH2_PROXY_PASS_HOST_HEADER: 'false' });
});

test('Grafana takes the user from its own pod only', async () => {
  const { containers } = await declare('grafana', ISSUER);
  expect(envOf(containers[0])).toMatchObject({
    GF_AUTH_PROXY_ENABLED: 'true',
    GF_AUTH_PROXY_HEADER_NAME: 'X-Forwarded-Email',
    GF_AUTH_PROXY_WHITELIST: '127.0.0.1',
  });
  expect(envOf((await declare('grafana', {})).containers[0])).not.toHaveProperty('GF_AUTH_PROXY_ENABLED');
});

test('the web UI of Kafka is in no ingress without it', async () => {
  const { collector } = await declare('kafka-ui', {});
  expect(await collector.all(':Ingress')).toEqual([]);
});

test('the issuer asks for consent once, and not at each login', () => {
  const environment = signOnEnvironment({ config: parseStackConfig(ISSUER), url: 'http://a.example', port: 1 });
  expect(environment).toMatchObject({ OAUTH2_PROXY_APPROVAL_PROMPT: 'auto' });
});

test('cookies are for HTTPS only where users come by HTTPS', () => {
  const config = parseStackConfig({ ...ISSUER, 'sso:emailDomains': 'a.example,b.example' });
  expect(signOnEnvironment({ config, url: 'https://grafana.example', port: 3000 })).toMatchObject({
    OAUTH2_PROXY_OIDC_ISSUER_URL: 'https://login.example:8443/realm',
    OAUTH2_PROXY_COOKIE_SECURE: 'true',
    OAUTH2_PROXY_EMAIL_DOMAINS: 'a.example,b.example',
  });
});

describe('network', () => {
  const flowsWith = (raw: RawConfig) => {
    const config = parseStackConfig(raw);
    return [...flowsOf(config), ...monitoringFlows(config)].map(({ from, to, port }) => `${from} > ${to}:${port}`);
  };
  const changed = (from: readonly string[], to: readonly string[]) => to.filter((flow) => !from.includes(flow));

  test('users reach the logins and no longer the pages, and the logins reach the issuer', () => {
    const [without, with_] = [flowsWith({}), flowsWith(ISSUER)];
    expect(changed(without, with_)).toEqual([
      'anyone > console:4180',
      'anyone > kafka-ui:4180',
      'console > external:8443',
      'kafka-ui > external:8443',
      'anyone > grafana:4180',
      'grafana > external:8443',
    ]);
    expect(changed(with_, without)).toEqual(['anyone > console:8088', 'anyone > grafana:3000']);
  });

  test.each([
    ['https://login.example', 443],
    ['http://login.example/realm', 80],
    ['http://login.example:5556', 5556],
  ])('the port of %s is %i', (issuer, port) => {
    expect(flowsWith({ ...ISSUER, 'sso:issuer': issuer })).toContain(`console > external:${port}`);
  });
});
