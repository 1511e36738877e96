// What the Cluster declares for each kind, and what it tells the others.
import { homedir } from 'node:os';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import * as pulumi from '@pulumi/pulumi';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { Collector, valueIn } from '../program.testing.ts';
import { Cluster } from './cluster.ts';

const K3D = 'K3dCluster';

async function make(raw: RawConfig = {}) {
  const collector = new Collector();
  const cluster = new Cluster('cluster', { stack: 'dev', config: parseStackConfig(raw) });
  await collector.all();
  return { cluster, collector };
}

const kubeconfig = {
  'cluster:kind': 'kubeconfig',
  'cluster:context': 'prod',
  'cluster:registry': 'registry.example/team',
};

const warn = jest.spyOn(pulumi.log, 'warn');

beforeEach(() => {
  warn.mockReset().mockResolvedValue();
  jest.spyOn(pulumi.log, 'info').mockResolvedValue();
});

describe('k3d', () => {
  test('a cluster as the config says', async () => {
    const { collector } = await make({
      'cluster:agents': '5',
      'api:nodePort': '30001',
      'kafka:nodePort': '30092',
      'kafka:brokers': '1',
      'kafka:replicationFactor': '1',
      'kafka:minInsyncReplicas': '1',
    });
    const inputs = await collector.inputsOf(K3D, 'cluster');
    expect(inputs).toMatchObject({
      name: 'breakwater-dev',
      stack: 'dev',
      servers: 1,
      agents: 5,
      hostAddress: '127.0.0.1',
      httpPort: 8080,
      nodePortHostPort: 8000,
      nodePort: 30_001,
      brokerPorts: [30_092],
      apiPort: 6550,
      registryPort: 5050,
    });
    expect(inputs.image).toMatch(/^rancher\/k3s:v1\.\d+\.\d+-k3s\d+@sha256:/);
    expect(inputs.registryImage).toMatch(/^registry:2\.\d+\.\d+@sha256:/);
    expect(inputs).not.toHaveProperty('mirror');
  });

  test('images from a mirror', async () => {
    const { collector } = await make({ 'images:mirror': 'mirror.example.com/hub' });
    const inputs = await collector.inputsOf(K3D, 'cluster');
    expect([inputs.mirror, inputs.image, inputs.registryImage].join(' ')).toMatch(
      /^mirror\.example\.com\/hub mirror\.example\.com\/hub\/rancher\/k3s:\S+ mirror\.example\.com\/hub\/library\/registry:\S+$/,
    );
  });

  test('the state holds no code of the resources, but where it is', async () => {
    const { collector } = await make({ 'cluster:sysctls': { 'net.core.somaxconn': '9' } });
    for (const [type, module] of [
      [K3D, 'components/cluster/k3d-provider.ts'],
      ['NodeSysctls', 'components/cluster/node-sysctls.ts'],
    ] as const) {
      const [resource] = await collector.all(type);
      const code = resource?.inputs.__provider.value ?? resource?.inputs.__provider;
      expect(code).toContain(module);
      const loaded = [...code.matchAll(/require\(["']([^"']+)["']\)/g)].map(([, name]) => name);
      expect(new Set(loaded)).toEqual(new Set(['node:path', 'jiti']));
      expect(code).not.toContain(process.cwd());
    }
  });

  test('what the others need', async () => {
    const { cluster, collector } = await make({ 'cluster:registryPort': '5055' });
    expect(cluster.name).toBe('breakwater-dev');
    expect(await valueIn(cluster.context)).toBe('k3d-breakwater-dev');
    expect(await valueIn(cluster.registry)).toBe('localhost:5055');
    expect(cluster.storageNodes).toEqual({ 'breakwater/storage': 'true' });
    expect(cluster.resource).toBe(cluster.provider);
    expect(await collector.inputsOf('kubernetes', 'cluster')).toMatchObject({
      context: 'k3d-breakwater-dev',
      deleteUnreachable: 'true',
      upsertExistingObjects: 'true',
      enableServerSideApply: 'true',
    });
  });

  test('kernel settings of the nodes, and none of the machine unasked', async () => {
    const raw = { 'cluster:sysctls': { 'net.core.somaxconn': '9', 'kernel.sem': '1', 'vm.swappiness': '1' } };
    const first = (await make(raw)).collector;
    expect(await first.inputsOf('NodeSysctls', 'cluster-nodes')).toMatchObject({
      cluster: 'breakwater-dev',
      sysctls: { 'net.core.somaxconn': '9' },
    });
    expect(await first.all('HostSysctls')).toEqual([]);
    const second = (await make({ ...raw, 'cluster:applyHostSysctls': 'true' })).collector;
    expect(await second.inputsOf('HostSysctls', 'cluster-host')).toMatchObject({ sysctls: { 'vm.swappiness': '1' } });
    expect(await (await make()).collector.all('Sysctls')).toEqual([]);
  });

  test('a loosened Pod Security is said loudly', async () => {
    await make({ 'cluster:sysctls': { 'net.core.somaxconn': '9' } });
    expect(warn.mock.calls.map(([message]) => message)).toEqual([expect.stringMatching(/^POD SECURITY IS LOOSENED/)]);
  });
});

describe('a cluster that exists', () => {
  test('nothing is made but the way to it', async () => {
    const { cluster, collector } = await make(kubeconfig);
    expect((await collector.all()).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['breakwater:cluster:Cluster', 'pulumi:providers:kubernetes']),
    );
    expect(await collector.all()).toHaveLength(2);
    const inputs = await collector.inputsOf('kubernetes', 'cluster');
    expect(inputs).toMatchObject({
      context: 'prod',
      clusterIdentifier: 'prod',
      deleteUnreachable: 'false',
      upsertExistingObjects: 'false',
    });
    expect(cluster.name).toBe('prod');
    expect(await valueIn(cluster.registry)).toBe('registry.example/team');
    expect(cluster.storageNodes).toBeUndefined();
    // It is not ours to delete: what is in it must be.
    expect(cluster.resource).toBeUndefined();
  });

  test('settings of its nodes and machines are left alone, which is said', async () => {
    const { collector } = await make({
      ...kubeconfig,
      'cluster:sysctls': { 'net.ipv4.tcp_syncookies': '1', 'vm.swappiness': '1' },
      'cluster:applyHostSysctls': 'true',
    });
    expect(await collector.all('Sysctls')).toEqual([]);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  test('its kubeconfig is where KUBECONFIG says, else in the home folder', async () => {
    const before = process.env.KUBECONFIG;
    try {
      process.env.KUBECONFIG = '/some/where';
      const { cluster, collector } = await make(kubeconfig);
      expect(await valueIn(cluster.kubeconfigPath)).toBe('/some/where');
      expect(await collector.inputsOf('kubernetes', 'cluster')).toMatchObject({ kubeconfig: '/some/where' });
      delete process.env.KUBECONFIG;
      expect(await valueIn((await make(kubeconfig)).cluster.kubeconfigPath)).toBe(`${homedir()}/.kube/config`);
    } finally {
      if (before !== undefined) process.env.KUBECONFIG = before;
      else delete process.env.KUBECONFIG;
    }
  });
});
