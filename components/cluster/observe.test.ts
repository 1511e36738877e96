// What is found on a machine: with tools that answer as a test says, and with real ports.
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../config/parse.ts';
import { type Ask, askSystem, observe, parseRunning, requireReady, type Said } from './observe.ts';
import { PreflightError } from './preflight.ts';

type Answers = Readonly<Record<string, string | Partial<Said>>>;

const tools: Answers = {
  'docker --version': 'Docker version 28.2.2, build e6534b4',
  'docker version': '28.2.2\n',
  'k3d version': 'k3d version v5.9.0\nk3s version v1.34.4-k3s1 (default)\n',
  'kubectl version': '{ "clientVersion": { "major": "1", "gitVersion": "v1.34.1" } }',
  'pulumi version': 'v3.259.0\n',
};

/** Tools that answer by the start of the command line; the rest is not installed. Looking at ports is real. */
const ask =
  (answers: Answers): Ask =>
  (command, args) => {
    if (command === process.execPath) return askSystem(command, args);
    const line = [command, ...args].join(' ');
    const start = Object.keys(answers).find((text) => line.startsWith(text));
    const nothing: Said = { found: true, ok: true, stdout: '', stderr: '' };
    if (start === undefined) return { ...nothing, found: false, ok: false };
    const answer = answers[start]!;
    return typeof answer === 'string' ? { ...nothing, stdout: answer } : { ...nothing, ok: false, ...answer };
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
  return parseStackConfig(Object.fromEntries(all)).cluster;
}

describe('for k3d', () => {
  const none = { ...tools, 'docker ps': '' };

  test('a machine that is ready', async () => {
    const config = await k3dConfig();
    expect(observe('dev', config, ['pulumi'], ask(none))).toEqual({
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
    expect(() => requireReady('dev', config, ask(none))).not.toThrow();
  });

  test('a machine with nothing on it', async () => {
    const config = await k3dConfig();
    expect(observe('dev', config, [], ask({}))).toEqual({
      kind: 'k3d',
      tools: { docker: undefined, k3d: undefined, kubectl: undefined },
      cluster: 'absent',
      taken: [],
    });
    expect(() => requireReady('dev', config, ask({}))).toThrow(PreflightError);
  });

  test('an engine that does not run, and one that says nothing', async () => {
    const config = await k3dConfig();
    const say = (stderr: string) => observe('dev', config, [], ask({ ...none, 'docker version': { stderr } })).engine;
    expect(say('Cannot connect to the Docker daemon\n')).toEqual({
      unreachable: 'Cannot connect to the Docker daemon',
    });
    expect(say('')).toEqual({ unreachable: 'it does not answer' });
  });

  test('ports that others have, and who', async () => {
    const [http, registry] = [await take(), await take()];
    const config = await k3dConfig({ httpPort: http, registryPort: registry });
    const ps = `web\t\trunning\t0.0.0.0:${http}->80/tcp, :::${http}->80/tcp\n`;
    expect(observe('dev', config, [], ask({ ...tools, 'docker ps': ps }))).toMatchObject({
      cluster: 'absent',
      taken: [
        { key: 'cluster:httpPort', port: http, container: 'web' },
        { key: 'cluster:registryPort', port: registry },
      ],
    });
  });

  test("the stack's own cluster has its ports by right", async () => {
    const [http, api] = [await take(), await take()];
    const config = await k3dConfig({ httpPort: http, apiPort: api });
    const line = (state: string, cluster = 'breakwater-dev') =>
      `k3d-${cluster}-serverlb\t${cluster}\t${state}\t127.0.0.1:${http}->80/tcp, 127.0.0.1:${api}->6443/tcp\n`;
    const look = (ps: string) => observe('dev', config, [], ask({ ...tools, 'docker ps': ps }));
    expect(look(line('running'))).toMatchObject({ cluster: 'running', taken: [] });
    expect(look(`${line('running')}k3d-breakwater-dev-agent-0\tbreakwater-dev\texited\t\n`)).toMatchObject({
      cluster: 'stopped',
    });
    expect(look(line('running', 'breakwater-devel'))).toMatchObject({
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
  }).cluster;
  const look = (answers: Answers) => observe('production', config, [], ask({ ...tools, ...answers }));
  const contexts = { 'kubectl config get-contexts': 'other\nprod\n' };

  test('one that answers', () => {
    const answers = {
      ...contexts,
      'kubectl --context=prod --request-timeout=10s get storageclasses': 'a b',
      'kubectl --context=prod --request-timeout=10s get ingressclasses': '',
    };
    expect(look(answers)).toMatchObject({
      kind: 'kubeconfig',
      tools: { docker: { version: '28.2.2' }, kubectl: { version: '1.34.1' } },
      engine: { version: '28.2.2' },
      contexts: ['other', 'prod'],
      answer: { storageClasses: ['a', 'b'], ingressClasses: [] },
    });
  });

  test('one that does not', () => {
    const stderr = 'Unable to connect to the server';
    expect(look({ ...contexts, 'kubectl --context': { stderr } })).toMatchObject({ answer: { unreachable: stderr } });
  });

  test('an unknown context is not asked', () => {
    const facts = look({ 'kubectl config get-contexts': 'other\n' });
    expect(facts).toMatchObject({ contexts: ['other'] });
    expect(facts).not.toHaveProperty('answer');
  });

  test('no kubeconfig, and no kubectl', () => {
    expect(look({ 'kubectl config get-contexts': { stderr: 'no such file' } })).toMatchObject({ contexts: [] });
    expect(observe('production', config, [], ask({}))).toEqual({
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

test('a command that is not there, one that fails and one that works', () => {
  expect(askSystem('no-such-command-here', [])).toMatchObject({ found: false, ok: false });
  expect(askSystem(process.execPath, ['-e', 'console.error("x"); process.exit(1)'])).toMatchObject({
    found: true,
    ok: false,
    stderr: 'x\n',
  });
  expect(askSystem(process.execPath, ['-e', 'console.log("y")'])).toMatchObject({
    found: true,
    ok: true,
    stdout: 'y\n',
  });
});
