// What Docker says of a cluster's containers.
import { expect, test } from '@jest/globals';
import { dockerOf, fakeRun, inspected } from './cluster.testing.ts';
import { containersOf, parseContainers } from './containers.ts';

test('what matters of a container', () => {
  const [container] = parseContainers(
    inspected([
      {
        name: 'k3d-c-serverlb',
        role: 'loadbalancer',
        running: false,
        ports: {
          '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }],
          // k3d names no protocol for the port of the Kubernetes API.
          '6443': [{ HostIp: '127.0.0.1', HostPort: '6550' }],
        },
        volumes: ['v1', 'v2'],
      },
    ]),
  );
  expect(container).toMatchObject({
    name: 'k3d-c-serverlb',
    role: 'loadbalancer',
    running: false,
    image: 'image:1',
    volumes: ['v1', 'v2'],
  });
  expect(container?.ports).toEqual(
    expect.arrayContaining([
      { address: '127.0.0.1', hostPort: 8080, nodePort: 80 },
      { address: '127.0.0.1', hostPort: 6550, nodePort: 6443 },
    ]),
  );
});

test('what Docker leaves out is none', () => {
  const bare = [
    { Id: 'i', Name: '/n', State: { Running: true }, Config: { Image: 'x', Labels: null, Env: null }, HostConfig: {} },
  ];
  expect(parseContainers(JSON.stringify(bare))).toEqual([
    {
      id: 'i',
      name: 'n',
      role: '',
      running: true,
      image: 'x',
      ports: [],
      volumes: [],
      labels: {},
      environment: [],
      binds: [],
    },
  ]);
});

test('no containers, no cluster', async () => {
  expect(await containersOf(fakeRun({}).run, 'c')).toEqual([]);
  const { run, calls } = fakeRun(dockerOf([{ name: 'a' }, { name: 'b' }]));
  expect((await containersOf(run, 'c')).map(({ name }) => name)).toEqual(['a', 'b']);
  expect(calls.map(({ line }) => line)).toEqual([
    'docker ps --all --quiet --filter label=k3d.cluster=c',
    'docker inspect a-id b-id',
  ]);
});
