// The monitoring's resources: access rights, secrets and network policies.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseStackConfig } from '../../config/parse.ts';
import { Collector, SecretValue } from '../program.testing.ts';
import { Monitoring, prometheusUrlOf } from './monitoring.ts';
import { monitoringFlows, monitoringPolicies } from './policies.ts';

const config = parseStackConfig({ 'cluster:namespace': 'shop' });
const login = { clientSecret: () => 'login-0123' as never };

/** Everything that the monitoring of a stack declares. */
async function declare(raw: Record<string, unknown> = {}, logins: object = { redis: login, mongo: login }) {
  const collector = new Collector();
  const parsed = parseStackConfig({ 'cluster:namespace': 'shop', ...raw });
  new Monitoring('monitoring', { config: parsed, namespace: 'shop', logins });
  await collector.all();
  return collector;
}

describe('in the cluster', () => {
  let all: Collector;
  beforeAll(async () => {
    all = await declare();
  });
  // biome-ignore lint/suspicious/noExplicitAny: manifests are read at any depth
  const pods = (): any[] =>
    all.declared
      .filter(({ type }) => /:(Deployment|StatefulSet)$/.test(type))
      .map(({ name, inputs }) => ({ name, namespace: inputs.metadata.namespace, ...inputs.spec.template }));

  test('all servers, and the exporters beside theirs', () => {
    expect(
      pods()
        .map(({ name, namespace }) => `${namespace}/${name}`)
        .sort(),
    ).toEqual([
      'shop-monitoring/alertmanager',
      'shop-monitoring/alloy',
      'shop-monitoring/grafana',
      'shop-monitoring/loki',
      'shop-monitoring/prometheus',
      'shop/mongo-exporter',
      'shop/redis-exporter',
    ]);
  });

  test('it fits on a laptop', () => {
    const limits = pods().flatMap(({ spec }) =>
      // biome-ignore lint/suspicious/noExplicitAny: a container
      spec.containers.map((container: any) => Number.parseInt(container.resources.limits.memory, 10)),
    );
    expect(limits.reduce((sum, mib) => sum + mib, 0)).toBeLessThan(2 * 1024);
  });

  test('only Prometheus and Alloy may use the Kubernetes API, and only to read pods of the stack', async () => {
    // biome-ignore lint/suspicious/noExplicitAny: a volume
    const hasToken = ({ spec }: any) => spec.volumes.some((volume: any) => volume.projected !== undefined);
    expect(
      pods()
        .filter(hasToken)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['alloy', 'prometheus']);
    for (const { spec } of pods()) expect(spec.automountServiceAccountToken).toBe(false);
    const roles = await all.all(':Role');
    const may = roles.map(({ inputs }) => {
      const [{ resources, verbs }] = inputs.rules;
      return `${inputs.metadata.namespace}: ${verbs.join()} ${resources.join()}`;
    });
    expect(may.sort()).toEqual([
      'shop-api: get,list,watch pods',
      'shop-api: get,list,watch pods,pods/log',
      'shop: get,list,watch pods',
      'shop: get,list,watch pods,pods/log',
    ]);
    const [clusterRole] = await all.all(':ClusterRole');
    expect(clusterRole!.inputs.metadata.name).toBe('shop-monitoring-prometheus');
    expect(JSON.stringify(clusterRole!.inputs.rules)).not.toMatch(/secrets|\*|create|delete|proxy/);
  });

  test('the password of Grafana is generated, secret, and read from a file', async () => {
    const secret = await all.inputsOf('Secret', 'grafana-login');
    expect(secret.stringData).toBeInstanceOf(SecretValue);
    const [container] = pods().find(({ name }) => name === 'grafana').spec.containers;
    expect(container.env).toContainEqual({
      name: 'GF_SECURITY_ADMIN_PASSWORD__FILE',
      value: '/run/secrets/breakwater/gf_security_admin_password_/password',
    });
    expect(container.env).toContainEqual({ name: 'GF_SERVER_ROOT_URL', value: 'http://grafana.localhost:8080' });
  });

  test('Alloy is not restarted because of others', () => {
    const [container] = pods().find(({ name }) => name === 'alloy').spec.containers;
    expect(container.livenessProbe).toMatchObject({ tcpSocket: { port: 'main' } });
    expect(container.startupProbe).toMatchObject({ tcpSocket: { port: 'main' } });
    expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/-/ready' } });
  });

  test('exporters get their password by reference', () => {
    const [container] = pods().find(({ name }) => name === 'redis-exporter').spec.containers;
    expect(container.env).toContainEqual({
      name: 'REDIS_PASSWORD',
      valueFrom: { secretKeyRef: { name: 'login-0123', key: 'password' } },
    });
    expect(container.ports).toEqual([{ name: 'metrics', containerPort: 9121 }]);
  });

  test('the namespace is restricted and closed', async () => {
    const [namespace] = await all.all(':Namespace');
    expect(namespace!.inputs.metadata).toMatchObject({
      name: 'shop-monitoring',
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    });
    const names = (await all.all(':NetworkPolicy')).map(({ inputs }) => inputs.metadata.name);
    expect(names.sort()).toEqual(['alertmanager', 'allow-dns', 'alloy', 'deny-all', 'grafana', 'loki', 'prometheus']);
  });
});

test('external servers have no exporter; a server without authentication is read without a password', async () => {
  const none = await declare({}, {});
  expect(none.declared.filter(({ name }) => /exporter$/.test(name))).toEqual([]);
  const open = await declare({ 'mongo:auth': 'false' }, { mongo: login });
  const { spec } = await open.inputsOf('Deployment', 'mongo-exporter');
  expect(JSON.stringify(spec)).not.toContain('secretKeyRef');
});

test('a webhook is a secret, and only it opens the network to the outside', async () => {
  const all = await declare({ 'monitoring:alertWebhook': 'https://chat.example.com/token' });
  expect((await all.inputsOf('Secret', 'alertmanager-webhook')).stringData).toBeInstanceOf(SecretValue);
  const shown = all.declared.filter(({ type }) => !type.endsWith(':Secret'));
  expect(JSON.stringify(shown)).not.toContain('chat.example.com');
  expect((await all.inputsOf('NetworkPolicy', 'monitoring-alertmanager')).spec.egress).toHaveLength(2);
});

describe('network', () => {
  const flows = monitoringFlows(config).map(({ from, to, port }) => `${from} > ${to}:${port}`);

  test('only Grafana, and Prometheus for KEDA, can be reached from outside', () => {
    expect(flows.filter((flow) => /^(anyone|external|keda|monitoring|stack|nodes)/.test(flow))).toEqual([
      'anyone > grafana:3000',
      'keda > prometheus:9090',
    ]);
  });

  test('without a webhook no connection leaves the cluster', () => {
    expect(flows.filter((flow) => flow.includes('> external'))).toEqual([]);
  });

  test('egress and ingress match', () => {
    const policies = monitoringPolicies(config);
    expect(policies.loki?.ingress).toHaveLength(3);
    expect(policies.loki?.egress).toEqual([]);
    expect(policies.prometheus?.egress).toContainEqual({
      to: ['shop', 'shop-api'].map((name) => ({
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
      })),
      ports: [{ protocol: 'TCP', port: 9464 }],
    });
  });
});

// The flags for it are deprecated.
test('Prometheus is limited in time and size by its config file', async () => {
  const all = await declare({ 'monitoring:retentionHours': 24, 'monitoring:volumeGiB': 10 });
  const { data } = await all.inputsOf('ConfigMap', 'prometheus-files');
  expect(parse(data['prometheus.yml']).storage).toEqual({ tsdb: { retention: { time: '24h', size: '7680MB' } } });
  const [container] = (await all.inputsOf('StatefulSet', 'prometheus')).spec.template.spec.containers;
  expect(container.args.join()).not.toContain('retention');
  expect(prometheusUrlOf('shop')).toBe('http://prometheus.shop-monitoring.svc:9090');
});
