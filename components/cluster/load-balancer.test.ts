// How the load balancer gets other ports, and what happens when it can't.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Answer, fakeRun, inspected, linesOf } from './cluster.testing.ts';
import { parseContainers } from './containers.ts';
import type { K3dInputs, PortMapping } from './k3d-config.ts';
import { createArguments, portsDiffer, replaceLoadBalancer } from './load-balancer.ts';

const inputs: K3dInputs = {
  name: 'c',
  stack: 'dev',
  servers: 1,
  agents: 1,
  image: 'k3s:v1',
  registryImage: 'registry:2',
  hostAddress: '127.0.0.1',
  httpPort: 8081,
  nodePortHostPort: 8000,
  nodePort: 30_000,
  apiPort: 6550,
  registryPort: 5050,
};
const [old] = parseContainers(inspected([{ name: 'k3d-c-serverlb', role: 'loadbalancer' }]));

const port = (hostPort: number, nodePort = 80, address = '127.0.0.1'): PortMapping => ({ address, hostPort, nodePort });

test.each<[string, readonly PortMapping[], readonly PortMapping[], boolean]>([
  ['the same', [port(1), port(2, 81)], [port(2, 81), port(1)], false],
  ['another port', [port(1)], [port(2)], true],
  ['another address', [port(1)], [port(1, 80, '0.0.0.0')], true],
  ['another port of the nodes', [port(1)], [port(1, 81)], true],
  ['one more', [port(1)], [port(1), port(2)], true],
  ['one less', [port(1), port(2)], [port(1)], true],
])('%s', (_name, now, wanted, expected) => {
  expect(portsDiffer(now, wanted)).toBe(expected);
});

test('the new one is like the old one, but for its ports and with the limit of open files', () => {
  expect(createArguments(old!, inputs)).toEqual([
    'create',
    '--name=k3d-c-serverlb',
    '--hostname=k3d-c-serverlb',
    '--network=k3d-c',
    '--restart=unless-stopped',
    '--init',
    '--privileged',
    '--userns=host',
    '--tmpfs=/run',
    '--tmpfs=/var/run',
    '--ulimit=nofile=524288:524288',
    '--label=k3d.role=loadbalancer',
    '--label=k3d.cluster=c',
    '--env=A=b',
    '--volume=c-images:/k3d/images',
    '--publish=127.0.0.1:6550:6443',
    '--publish=127.0.0.1:8081:80',
    '--publish=127.0.0.1:8000:30000',
    'image:1',
  ]);
});

describe('replacing', () => {
  const replace = async (answers: Readonly<Record<string, Answer>>) => {
    const { run, calls } = fakeRun(answers);
    const failure = await replaceLoadBalancer(run, old!, inputs).catch((error: Error) => error.message);
    const lines = linesOf(calls).map((line) => line.replace(/create .*/, 'create').replace(/cp \S+/, 'cp FILE'));
    return { failure, lines };
  };

  test('the old one runs until the new one is ready to start', async () => {
    let values = '';
    const { failure, lines } = await replace({
      'docker cp': ([, file]) => {
        values = readFileSync(file!, 'utf8');
        return '';
      },
    });
    expect(failure).toBeUndefined();
    expect(lines).toEqual([
      'docker rename k3d-c-serverlb k3d-c-serverlb-old',
      'docker create',
      'docker cp FILE k3d-c-serverlb:/etc/confd/values.yaml',
      'docker stop --time=2 k3d-c-serverlb-old',
      'docker start k3d-c-serverlb',
      'docker rm --force --volumes k3d-c-serverlb-old',
    ]);
    expect(values).toContain('30000.tcp:\n  - k3d-c-server-0\n');
  });

  test.each(['create', 'cp', 'stop', 'start'])('the old one runs again when %s fails', async (step) => {
    let failed = false;
    const { failure, lines } = await replace({
      [`docker ${step}`]: () => {
        if (failed) return '';
        failed = true;
        return new Error('port is already allocated');
      },
    });
    expect(failure).toBe('port is already allocated');
    expect(lines.slice(-3)).toEqual([
      'docker rm --force --volumes k3d-c-serverlb',
      'docker rename k3d-c-serverlb-old k3d-c-serverlb',
      'docker start k3d-c-serverlb',
    ]);
  });
});
