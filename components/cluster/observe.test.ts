// What is found on a machine: with tools that answer as a test says, and with real ports.
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import type { Run } from '../../tooling/run.ts';
import { failed, missing } from './cluster.testing.ts';
import { observe, parseRunning, requireReady } from './observe.ts';
import { PreflightError } from './preflight.ts';

type Answers = Readonly<Record<string, string | Error>>;

const tools: Answers = {
  'docker --version': 'Docker version 28.2.2, build e6534b4',
  'docker version': '28.2.2\n',
  'k3d version': 'k3d version v5.9.0\nk3s version v1.34.4-k3s1 (default)\n',
  'kubectl version': '{ "clientVersion": { "major": "1", "gitVersion": "v1.34.1" } }',
  'pulumi version': 'v3.259.0\n',
};

/**
 * Tools that answer by the start of the command line; the rest is not installed. Looking at ports
 * is real.
 */
const ask =
  (answers: Answers): Run =>
  async (program, args) => {
    const line = [program, ...args].join(' ');
    const starts = Object.keys(answers).filter((text) => line.startsWith(text));
    const start = starts.sort((a, b) => b.length - a.length)[0];
    const answer = start === undefined ? missing(program) : answers[start]!;
    if (answer instanceof Error) throw answer;
    return answer;
  };

let servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  servers = [];
});

/** A port of this machine that is taken until the end of the test. */
const take = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    servers.push(server);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });

/** A port that nobody has. */
async function free(): Promise<number> {
  const port = await take();
  await new Promise((resolve) => servers.pop()!.close(resolve));
  return port;
}

async function k3dConfig(ports: Readonly<Record<string, number>> = {}) {
  const raw = {
    httpPort: await free(),
    nodePortHostPort: await free(),
    apiPort: await free(),
    registryPort: await free(),
  };
  const all = Object.entries({ ...raw, ...ports }).map(([key, port]) => [`cluster:${key}`, String(port)]);
  return parseStackConfig(Object.fromEntries(all));
}

describe('for k3d', () => {
  const none = { ...tools, 'docker ps': '' };

  test('a machine that is ready', async () => {
    const config = await k3dConfig();
    expect(await observe('dev', config, ['pulumi'], ask(none))).toEqual({
      kind: 'k3d',
      tools: {
        docker: { version: '28.2.2' },
        k3d: { version: '5.9.0' },
        kubectl: { version: '1.34.1' },
        pulumi: { version: '3.259.0' },
      },
      engine: { version: '28.2.2' },
      cluster: 'absent',
      taken: [],
    });
    expect(await requireReady('dev', config, ask(none))).toEqual([]);
  });

  test('what does not fit is a warning: memory, CPU and disk of Docker', async () => {
    const config = await k3dConfig();
    const info = (memory: number, cpus: number) => `${memory}\t${cpus}\t/nowhere\n`;
    const shortages = async (printed: string) => requireReady('dev', config, ask({ ...none, 'docker info': printed }));
    expect(await shortages(info(4 * 1024 ** 3, 1))).toEqual([
      expect.stringMatching(/^the stack takes .* GiB of memory, and Docker has 4\.0 GiB/),
      expect.stringMatching(/^a pod of redis takes 4\.1 GiB of memory/),
      expect.stringMatching(/^the stack requests .* cores, and Docker has 1:/),
    ]);
    expect(await shortages(info(64 * 1024 ** 3, 8))).toEqual([]);
    expect(await shortages('\n')).toEqual([]);
  });

  test('a machine with nothing on it', async () => {
    const config = await k3dConfig();
    expect(await observe('dev', config, [], ask({}))).toEqual({
      kind: 'k3d',
      tools: { docker: undefined, k3d: undefined, kubectl: undefined },
      cluster: 'absent',
      taken: [],
    });
    await expect(requireReady('dev', config, ask({}))).rejects.toThrow(PreflightError);
  });

  test('an engine that does not run, and one that says nothing', async () => {
    const config = await k3dConfig();
    const engine = async (reason: string) =>
      (await observe('dev', config, [], ask({ ...none, 'docker version': failed(reason) }))).engine;
    expect(await engine('Cannot connect to the Docker daemon')).toEqual({
      unreachable: 'Cannot connect to the Docker daemon',
    });
    expect(await engine('')).toEqual({ unreachable: 'it does not answer' });
  });

  test('ports that others have, and who', async () => {
    const [http, registry] = [await take(), await take()];
    const config = await k3dConfig({ httpPort: http, registryPort: registry });
    const ps = `web\t\trunning\t0.0.0.0:${http}->80/tcp, :::${http}->80/tcp\n`;
    expect(await observe('dev', config, [], ask({ ...tools, 'docker ps': ps }))).toMatchObject({
      cluster: 'absent',
      taken: [
        { key: 'cluster:httpPort', port: http, container: 'web' },
        { key: 'cluster:registryPort', port: registry },
      ],
    });
  });

  test('a port of a broker that others have', async () => {
    const { kafka, ...config } = await k3dConfig();
    const nodePort = await take();
    const open = { ...config, kafka: { ...kafka, nodePort, brokers: 1 } };
    const look = (others: object) => observe('dev', { ...open, ...others }, [], ask(none));
    expect(await look({})).toMatchObject({ taken: [{ key: 'kafka:nodePort', port: nodePort }] });
    expect(await look({ queue: { ...config.queue, kind: 'redis-streams' } })).toMatchObject({ taken: [] });
  });

  test("the stack's own cluster has its ports by right", async () => {
    const [http, api] = [await take(), await take()];
    const config = await k3dConfig({ httpPort: http, apiPort: api });
    const line = (state: string, cluster = 'breakwater-dev') =>
      `k3d-${cluster}-serverlb\t${cluster}\t${state}\t127.0.0.1:${http}->80/tcp, 127.0.0.1:${api}->6443/tcp\n`;
    const look = (ps: string) => observe('dev', config, [], ask({ ...tools, 'docker ps': ps }));
    expect(await look(line('running'))).toMatchObject({ cluster: 'running', taken: [] });
    expect(await look(`${line('running')}k3d-breakwater-dev-agent-0\tbreakwater-dev\texited\t\n`)).toMatchObject({
      cluster: 'stopped',
    });
    expect(await look(line('running', 'breakwater-devel'))).toMatchObject({
      cluster: 'absent',
      taken: [{ container: 'k3d-breakwater-devel-serverlb' }, { container: 'k3d-breakwater-devel-serverlb' }],
    });
  });
});

describe('for a cluster that exists', () => {
  const config = parseStackConfig({
    'cluster:kind': 'kubeconfig',
    'cluster:context': 'prod',
    'cluster:registry': 'r.example',
  });
  const look = (answers: Answers) => observe('production', config, [], ask({ ...tools, ...answers }));
  const contexts = { 'kubectl config get-contexts': 'other\nprod\n' };
  const get = 'kubectl --context=prod --request-timeout=10s get';
  const DEFAULT = 'storageclass.kubernetes.io/is-default-class';

  test('one that answers', async () => {
    const answers = {
      ...contexts,
      [`${get} storageclasses,ingressclasses`]: JSON.stringify({
        items: [
          { kind: 'StorageClass', metadata: { name: 'a', annotations: { [DEFAULT]: 'true' } } },
          { kind: 'StorageClass', metadata: { name: 'b' } },
          { kind: 'IngressClass', metadata: { name: 'nginx' } },
        ],
      }),
      [`${get} priorityclasses`]: 'business system-node-critical',
      [`${get} daemonsets`]: 'calico-node kube-proxy',
      [`${get} nodes`]: 'v1.34.1 v1.34.1',
      [`${get} apiservices`]: 'apiservice.apiregistration.k8s.io/v1beta1.metrics.k8s.io\n',
      [`${get} deployments`]: JSON.stringify({
        items: [
          {
            metadata: { namespace: 'keda', labels: { 'breakwater/namespace': 'shop' } },
            spec: {
              template: { spec: { containers: [{ env: [{ name: 'WATCH_NAMESPACE', value: 'shop,shop-api' }] }] } },
            },
          },
        ],
      }),
    };
    expect(await look(answers)).toMatchObject({
      kind: 'kubeconfig',
      tools: { docker: { version: '28.2.2' }, kubectl: { version: '1.34.1' } },
      engine: { version: '28.2.2' },
      contexts: ['other', 'prod'],
      answer: {
        storageClasses: [
          { name: 'a', isDefault: true },
          { name: 'b', isDefault: false },
        ],
        ingressClasses: ['nginx'],
        priorityClasses: ['business', 'system-node-critical'],
        daemonSets: ['calico-node', 'kube-proxy'],
        nodeVersions: ['v1.34.1', 'v1.34.1'],
        metrics: true,
        keda: { namespace: 'keda', watches: ['shop', 'shop-api'], installer: 'shop' },
      },
    });
  });

  test('one that lacks things', async () => {
    const none = JSON.stringify({ items: [] });
    const answers = { ...contexts, [get]: '', [`${get} storageclasses`]: none, [`${get} deployments`]: none };
    expect(await look(answers)).toHaveProperty('answer', {
      storageClasses: [],
      ingressClasses: [],
      priorityClasses: [],
      daemonSets: [],
      nodeVersions: [],
      metrics: false,
      keda: null,
    });
  });

  test('one whose user may not see everything', async () => {
    const answers = {
      ...contexts,
      [get]: failed('Error from server (Forbidden): daemonsets.apps is forbidden'),
      [`${get} storageclasses`]: JSON.stringify({ items: [] }),
    };
    expect(await look(answers)).toHaveProperty('answer', { storageClasses: [], ingressClasses: [] });
  });

  test('one that does not', async () => {
    const unreachable = 'Unable to connect to the server';
    const facts = await look({ ...contexts, 'kubectl --context': failed(unreachable) });
    expect(facts).toMatchObject({ answer: { unreachable } });
  });

  test('an unknown context is not asked', async () => {
    const facts = await look({ 'kubectl config get-contexts': 'other\n' });
    expect(facts).toMatchObject({ contexts: ['other'] });
    expect(facts).not.toHaveProperty('answer');
  });

  test('no kubeconfig, and no kubectl', async () => {
    expect(await look({ 'kubectl config get-contexts': failed('no such file') })).toMatchObject({ contexts: [] });
    expect(await observe('production', config, [], ask({}))).toEqual({
      kind: 'kubeconfig',
      tools: { docker: undefined, kubectl: undefined },
    });
  });
});

test('the ports of containers', () => {
  expect(
    parseRunning('a\tc\trunning\t127.0.0.1:80->8080/tcp, 9000/tcp, 0.0.0.0:90-92->90-92/tcp\nb\t\texited\t\n'),
  ).toEqual([
    { name: 'a', cluster: 'c', state: 'running', ports: [80, 90, 91, 92] },
    { name: 'b', cluster: '', state: 'exited', ports: [] },
  ]);
});

test('a tool that is there but fails has no known version', async () => {
  const answers = { ...tools, 'docker ps': '', 'k3d version': failed('exec format error') };
  const { tools: found } = await observe('dev', await k3dConfig(), [], ask(answers));
  expect(found.k3d).toEqual({ version: 'unknown' });
});
