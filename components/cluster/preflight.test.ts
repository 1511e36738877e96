// What is in the way of a stack, and what the user is told to do: every message.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { type Facts, type K3dFacts, type KubeconfigFacts, PreflightError, problemsOf, TOOLS } from './preflight.ts';

const k3d: K3dFacts = {
  kind: 'k3d',
  tools: { docker: { version: '28.2.2' }, k3d: { version: '5.9.0' }, kubectl: { version: '1.34.1' } },
  engine: { version: '28.2.2' },
  cluster: 'absent',
  taken: [],
};
const existing: KubeconfigFacts = {
  kind: 'kubeconfig',
  tools: { docker: { version: '28.2.2' }, kubectl: { version: '1.34.1' } },
  engine: { version: '28.2.2' },
  contexts: ['breakwater-staging', 'other'],
  answer: { storageClasses: [{ name: 'fast', isDefault: true }], ingressClasses: ['traefik'] },
};
const clusterConfig = (raw: Record<string, string> = {}) => parseStackConfig(raw);
const kubeconfig = (raw: Record<string, string> = {}) =>
  clusterConfig({
    'cluster:kind': 'kubeconfig',
    'cluster:context': 'breakwater-staging',
    'cluster:registry': 'r.example',
    ...raw,
  });
const problems = (facts: Facts, raw: Record<string, string> = {}) =>
  problemsOf(facts, 'dev', facts.kind === 'k3d' ? clusterConfig(raw) : kubeconfig(raw));

test('nothing is in the way', () => {
  expect(problems(k3d)).toEqual([]);
  expect(problems({ ...k3d, cluster: 'running' })).toEqual([]);
  expect(problems({ ...k3d, tools: { ...k3d.tools, pulumi: { version: '3.300.0' } } })).toEqual([]);
  expect(problems(existing)).toEqual([]);
  expect(problems(existing, { 'cluster:storageClass': 'fast' })).toEqual([]);
});

test.each<[string, Partial<K3dFacts>, string]>([
  [
    'docker is missing',
    { tools: { docker: undefined }, engine: undefined },
    'docker is not installed, or not on the PATH: install docker 20.10.5 or newer from https://docs.docker.com/engine/install/',
  ],
  [
    'k3d is missing',
    { tools: { k3d: undefined } },
    'k3d is not installed, or not on the PATH: install k3d 5.8.0 or newer from https://k3d.io/stable/#installation',
  ],
  [
    'k3d is too old',
    { tools: { k3d: { version: '5.7.5' } } },
    'k3d 5.7.5 is too old: install k3d 5.8.0 or newer from https://k3d.io/stable/#installation',
  ],
  [
    'kubectl is missing',
    { tools: { kubectl: undefined } },
    'kubectl is not installed, or not on the PATH: install kubectl 1.28.0 or newer from https://kubernetes.io/docs/tasks/tools/',
  ],
  [
    'kubectl is too old',
    { tools: { kubectl: { version: '1.20.2' } } },
    'kubectl 1.20.2 is too old: install kubectl 1.28.0 or newer from https://kubernetes.io/docs/tasks/tools/',
  ],
  [
    'pulumi is missing',
    { tools: { pulumi: undefined } },
    'pulumi is not installed, or not on the PATH: install pulumi 3.245.0 or newer from https://www.pulumi.com/docs/iac/download-install/',
  ],
  [
    'pulumi is too old',
    { tools: { pulumi: { version: '3.99.0' } } },
    'pulumi 3.99.0 is too old: install pulumi 3.245.0 or newer from https://www.pulumi.com/docs/iac/download-install/',
  ],
  [
    'the engine is too old',
    { engine: { version: '20.10.4' } },
    'the Docker engine is version 20.10.4, which is too old: install 20.10.5 or newer from https://docs.docker.com/engine/install/',
  ],
  [
    'the engine is not running',
    { engine: { unreachable: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock.' } },
    'the Docker engine is not running (Cannot connect to the Docker daemon at unix:///var/run/docker.sock.): start Docker Desktop, or run sudo systemctl start docker',
  ],
  [
    'the engine is not for this user',
    { engine: { unreachable: 'permission denied while trying to connect to the Docker daemon socket' } },
    'your user may not use the Docker engine (permission denied): run sudo usermod -aG docker "$USER", then log in again',
  ],
  [
    'the cluster is stopped',
    { cluster: 'stopped' },
    'the k3d cluster breakwater-dev of this stack is stopped: start it with k3d cluster start breakwater-dev',
  ],
  [
    'a port is taken by a program',
    { taken: [{ key: 'cluster:httpPort', port: 8080 }] },
    'port 8080 of this machine (cluster:httpPort) is taken by another program: stop it, or choose another port: pulumi config set cluster:httpPort PORT',
  ],
  [
    'a port is taken by a container',
    { taken: [{ key: 'cluster:registryPort', port: 5050, container: 'registry' }] },
    'port 5050 of this machine (cluster:registryPort) is taken by the container registry: stop it, or choose another port: pulumi config set cluster:registryPort PORT',
  ],
])('%s', (_name, change, message) => {
  expect(problems({ ...k3d, ...change, tools: { ...k3d.tools, ...change.tools } })).toEqual([message]);
});

test.each<[string, Partial<KubeconfigFacts>, Record<string, string>, string]>([
  [
    'the context is unknown',
    { contexts: ['a', 'b'], answer: undefined },
    {},
    'your kubeconfig has no context breakwater-staging (cluster:context): it has a, b. Choose one: pulumi config set cluster:context NAME',
  ],
  [
    'there is no context',
    { contexts: [], answer: undefined },
    {},
    'your kubeconfig has no context breakwater-staging (cluster:context): it has none. Choose one: pulumi config set cluster:context NAME',
  ],
  [
    'the cluster does not answer',
    { answer: { unreachable: 'Unable to connect to the server: i/o timeout' } },
    {},
    'the cluster of the context breakwater-staging does not answer (Unable to connect to the server: i/o timeout): check that it runs and that you are logged in: kubectl --context breakwater-staging get nodes',
  ],
])('%s', (_name, change, raw, message) => {
  expect(problems({ ...existing, ...change }, raw)).toEqual([message]);
});

describe('everything is said at once', () => {
  const facts: K3dFacts = {
    ...k3d,
    tools: { docker: { version: '1' }, k3d: undefined, kubectl: { version: '1.1' } },
    engine: { unreachable: 'x' },
    taken: [
      { key: 'cluster:httpPort', port: 8080 },
      { key: 'cluster:apiPort', port: 6550 },
    ],
  };

  test('in one error', () => {
    const all = problems(facts);
    expect(all).toHaveLength(5);
    const { message } = new PreflightError(all);
    expect(message).toMatch(/^This machine is not ready: 5 problems; nothing was created or changed:\n {2}k3d is not/);
    for (const problem of all) expect(message).toContain(`\n  ${problem}`);
    expect(new PreflightError(['x']).message).toBe(
      'This machine is not ready: a problem; nothing was created or changed:\n  x',
    );
  });

  test('but nothing of what could not be looked at', () => {
    expect(
      problems({ ...existing, contexts: undefined, tools: { docker: { version: '28' }, kubectl: undefined } }),
    ).toEqual([expect.stringContaining('kubectl is not installed')]);
  });
});

test('the CLI of Pulumi is not older than the SDK', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(TOOLS.pulumi.oldest).toBe(manifest.dependencies['@pulumi/pulumi']);
});
