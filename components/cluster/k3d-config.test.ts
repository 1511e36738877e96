// The config file of k3d, and what is made from the same inputs beside it.
import { describe, expect, test } from '@jest/globals';
import { parse as parseYaml } from 'yaml';
import {
  helperImages,
  type K3dInputs,
  k3dConfig,
  loadBalancerPorts,
  loadBalancerValues,
  registriesConfig,
} from './k3d-config.ts';

const inputs: K3dInputs = {
  name: 'breakwater-dev',
  stack: 'dev',
  servers: 1,
  agents: 3,
  image: 'rancher/k3s:v1.34.9-k3s1@sha256:ab',
  registryImage: 'registry:2.8.3',
  hostAddress: '127.0.0.1',
  httpPort: 8080,
  nodePortHostPort: 8000,
  nodePort: 30_000,
  apiPort: 6550,
  registryPort: 5050,
};

test('the whole config', () => {
  expect(k3dConfig(inputs, '/tmp/registries.yaml')).toEqual({
    apiVersion: 'k3d.io/v1alpha5',
    kind: 'Simple',
    metadata: { name: 'breakwater-dev' },
    servers: 1,
    agents: 3,
    image: 'rancher/k3s:v1.34.9-k3s1@sha256:ab',
    kubeAPI: { hostIP: '127.0.0.1', hostPort: '6550' },
    ports: [
      { port: '127.0.0.1:8080:80', nodeFilters: ['server:*:proxy'] },
      { port: '127.0.0.1:8000:30000', nodeFilters: ['server:*:proxy'] },
    ],
    registries: {
      create: {
        name: 'k3d-breakwater-dev-registry',
        host: '127.0.0.1',
        hostPort: '5050',
        image: 'registry:2.8.3',
      },
      config: '/tmp/registries.yaml',
    },
    options: {
      k3d: {
        wait: true,
        timeout: '300s',
        loadbalancer: { configOverrides: ['settings.workerConnections=32768'] },
      },
      k3s: {
        extraArgs: [
          {
            arg: '--kubelet-arg=allowed-unsafe-sysctls=net.*,kernel.shm*,kernel.msg*,kernel.sem,fs.mqueue.*',
            nodeFilters: ['server:*', 'agent:*'],
          },
        ],
      },
      kubeconfig: { updateDefaultKubeconfig: false, switchCurrentContext: false },
      runtime: { ulimits: [{ name: 'nofile', soft: 524_288, hard: 524_288 }] },
    },
  });
});

test('k3d expands variables in its config, so there is no dollar sign in it', () => {
  const mirrored = { ...inputs, mirror: 'mirror.example.com/hub' };
  expect(JSON.stringify(k3dConfig(mirrored, '/r'))).not.toContain('$');
  expect(JSON.stringify(registriesConfig(mirrored))).toContain('$1');
});

test('the ports for users can be opened to others; those of the cluster itself never are', () => {
  const ports = loadBalancerPorts({ ...inputs, hostAddress: '0.0.0.0' });
  expect(ports).toEqual([
    { address: '127.0.0.1', hostPort: 6550, nodePort: 6443 },
    { address: '0.0.0.0', hostPort: 8080, nodePort: 80 },
    { address: '0.0.0.0', hostPort: 8000, nodePort: 30_000 },
  ]);
  expect(loadBalancerPorts({ ...inputs, brokerPorts: [30_092, 30_093] }).slice(3)).toEqual([
    { address: '127.0.0.1', hostPort: 30_092, nodePort: 30_092 },
    { address: '127.0.0.1', hostPort: 30_093, nodePort: 30_093 },
  ]);
  const { registries } = k3dConfig({ ...inputs, hostAddress: '0.0.0.0' }, '/r') as {
    registries: { create: { host: string } };
  };
  expect(registries.create.host).toBe('127.0.0.1');
});

describe('the nodes find images', () => {
  test('of the apps under the name that they are pushed by', () => {
    expect(registriesConfig(inputs)).toEqual({
      mirrors: { 'localhost:5050': { endpoint: ['http://k3d-breakwater-dev-registry:5000'] } },
    });
  });

  test.each([
    ['mirror.example.com:5000', { endpoint: ['https://mirror.example.com:5000'] }],
    ['mirror.example.com/a/b', { endpoint: ['https://mirror.example.com'], rewrite: { '^(.*)$': 'a/b/$1' } }],
  ])('of the system in the mirror %s', (mirror, expected) => {
    expect(registriesConfig({ ...inputs, mirror })).toMatchObject({ mirrors: { 'docker.io': expected } });
  });

  test('of public registries in the caches of this machine, if the user asked for them', () => {
    const cached = { ...inputs, cacheImage: 'registry:3.1.1' };
    expect(registriesConfig(cached)).toEqual({
      mirrors: {
        'localhost:5050': { endpoint: ['http://k3d-breakwater-dev-registry:5000'] },
        'docker.io': { endpoint: ['http://k3d-breakwater-cache-docker-io:5000'] },
        'ghcr.io': { endpoint: ['http://k3d-breakwater-cache-ghcr-io:5000'] },
        'quay.io': { endpoint: ['http://k3d-breakwater-cache-quay-io:5000'] },
      },
    });
    expect(k3dConfig(cached, '/r')).toMatchObject({
      registries: { use: ['docker-io', 'ghcr-io', 'quay-io'].map((host) => `k3d-breakwater-cache-${host}`) },
    });
  });

  test('and k3d its helpers too', () => {
    expect(helperImages(undefined, '5.9.0')).toEqual({});
    expect(helperImages('mirror.example.com/hub', '5.9.0')).toEqual({
      K3D_IMAGE_LOADBALANCER: 'mirror.example.com/hub/k3d-io/k3d-proxy:5.9.0',
      K3D_IMAGE_TOOLS: 'mirror.example.com/hub/k3d-io/k3d-tools:5.9.0',
    });
  });
});

test('the load balancer leads every port to every server', () => {
  const servers = ['k3d-breakwater-dev-server-0', 'k3d-breakwater-dev-server-1', 'k3d-breakwater-dev-server-2'];
  expect(parseYaml(loadBalancerValues({ ...inputs, servers: 3 }))).toEqual({
    ports: { '6443.tcp': servers, '80.tcp': servers, '30000.tcp': servers },
    settings: { workerConnections: 32_768 },
  });
});
