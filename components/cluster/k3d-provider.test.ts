// What a k3d cluster does when Pulumi checks, compares, creates, reads, updates or deletes it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Answer, dockerOf, type FakeContainer, fakeRun, inEmptyFolder, linesOf } from './cluster.testing.ts';
import {
  type CheckedK3dInputs,
  checkCluster,
  compare,
  completeInputs,
  createCluster,
  deleteCluster,
  isGone,
  type K3dState,
  readCluster,
  updateCluster,
} from './k3d-provider.ts';
import { writeKubeconfig } from './kubeconfig-file.ts';

inEmptyFolder();

const inputs: CheckedK3dInputs = {
  name: 'c',
  stack: 'dev',
  identity: '01234567',
  servers: 1,
  agents: 2,
  image: 'rancher/k3s:v1.34.9-k3s1@sha256:ab',
  registryImage: 'registry:2',
  hostAddress: '127.0.0.1',
  httpPort: 8080,
  nodePortHostPort: 8000,
  nodePort: 30_000,
  apiPort: 6550,
  registryPort: 5050,
};

const balancer: FakeContainer = {
  name: 'k3d-c-serverlb',
  role: 'loadbalancer',
  ports: {
    '6443': [{ HostIp: '127.0.0.1', HostPort: '6550' }],
    '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }],
    '30000/tcp': [{ HostIp: '127.0.0.1', HostPort: '8000' }],
  },
};
const cluster = (...agents: readonly number[]): readonly FakeContainer[] => [
  { name: 'k3d-c-server-0', role: 'server' },
  balancer,
  { name: 'k3d-c-registry', role: 'registry' },
  ...agents.map((index) => ({ name: `k3d-c-agent-${index}` })),
];
const volumeOn = (node: string): string =>
  JSON.stringify({
    items: [
      {
        spec: {
          claimRef: { namespace: 'ns', name: 'data' },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', values: [node] }] }],
            },
          },
        },
      },
    ],
  });

/** kubectl's lines without what is the same in all. */
const short = (lines: readonly string[]) =>
  lines.map((line) => line.replace(/ --kubeconfig=\S+/, '').replace(/ --request-timeout=\S+/, ''));

describe('a change', () => {
  test.each<[Partial<CheckedK3dInputs>, boolean, readonly string[]]>([
    [{}, false, []],
    [{ agents: 3 }, true, []],
    [{ httpPort: 1 }, true, []],
    [{ nodePortHostPort: 1 }, true, []],
    [{ nodePort: 30_001 }, true, []],
    [{ brokerPorts: [30_092] }, true, []],
    [{ hostAddress: '0.0.0.0' }, true, []],
    [{ servers: 3 }, true, ['servers']],
    [{ apiPort: 1 }, true, ['apiPort']],
    [{ registryPort: 1 }, true, ['registryPort']],
    [{ name: 'd', stack: 'e' }, true, ['name', 'stack']],
    [{ image: 'rancher/k3s:v1.35.0-k3s1@sha256:ab' }, true, ['image']],
    // The same version from elsewhere is the same cluster.
    [{ image: 'mirror:5000/rancher/k3s:v1.34.9-k3s1', mirror: 'mirror:5000' }, false, []],
    [{ registryImage: 'registry:3' }, false, []],
    [{ servers: 3, agents: 5 }, true, ['servers']],
  ])('of %j: changes %s, replaces %j', (change, changes, replaces) => {
    expect(compare(inputs, { ...inputs, ...change })).toEqual({ changes, replaces });
  });
});

describe('the inputs', () => {
  test('of a new cluster get an identity of its own', async () => {
    const [a, b] = await Promise.all([
      completeInputs(fakeRun({}).run, undefined, inputs),
      completeInputs(fakeRun({}).run, inputs, { ...inputs, servers: 3 }),
    ]);
    expect(a.identity).toMatch(/^[0-9a-f]{8}$/);
    expect(new Set([a.identity, b.identity, inputs.identity]).size).toBe(3);
    expect([a.kubeconfigPath, b.kubeconfigPath]).toEqual([undefined, undefined]);
  });

  test('of one that stays keep it, and its kubeconfig is written again where it was lost', async () => {
    const { run, calls } = fakeRun({ 'k3d kubeconfig get c': 'config' });
    const path = `${process.cwd()}/.breakwater/dev/kubeconfig`;
    const expected = { ...inputs, agents: 9, kubeconfigPath: path };
    expect(await completeInputs(run, inputs, { ...inputs, identity: '', agents: 9 } as CheckedK3dInputs)).toEqual(
      expected,
    );
    expect(readFileSync(path, 'utf8')).toBe('config');
    expect(await completeInputs(run, inputs, { ...inputs, agents: 9 })).toEqual(expected);
    expect(calls).toHaveLength(1);
  });

  test('are complete even if the kubeconfig cannot be had', async () => {
    const { run } = fakeRun({ k3d: new Error('no cluster') });
    expect(await completeInputs(run, inputs, inputs)).toMatchObject({ identity: '01234567' });
  });
});

describe('at preview', () => {
  test('fewer agents are refused where one holds data, and nothing else is asked', async () => {
    const { run } = fakeRun({ ...dockerOf(cluster(0, 1)), kubectl: volumeOn('k3d-c-agent-1') });
    expect(await checkCluster(run, inputs, { ...inputs, agents: 1 })).toContain(
      'k3d-c-agent-1 holds the volume of ns/data',
    );
    expect(await checkCluster(run, inputs, { ...inputs, agents: 2 })).toBe('');
    expect(await checkCluster(run, inputs, { ...inputs, agents: 5 })).toBe('');
    expect(await checkCluster(run, undefined, { ...inputs, agents: 1 })).toBe('');
    // Replaced anyway: the preview says that the data goes.
    expect(await checkCluster(run, inputs, { ...inputs, agents: 1, servers: 3 })).toBe('');
  });

  test('fewer agents are fine where the others hold the data', async () => {
    const { run } = fakeRun({ ...dockerOf(cluster(0, 1)), kubectl: volumeOn('k3d-c-agent-0') });
    expect(await checkCluster(run, inputs, { ...inputs, agents: 1 })).toBe('');
  });

  test('a cluster without a container is gone', async () => {
    expect(await isGone(fakeRun({}).run, 'c')).toBe(true);
    expect(await isGone(fakeRun(dockerOf(cluster())).run, 'c')).toBe(false);
  });
});

describe('creating', () => {
  /** docker that knows of no cluster until k3d has made it. */
  const making = (create: Answer = ''): Readonly<Record<string, Answer>> => {
    let made = false;
    const docker = dockerOf(cluster(0, 1));
    const list = 'docker ps --all --quiet --filter label=k3d.cluster=';
    return {
      ...docker,
      [list]: () => (made ? (docker[list] as string) : ''),
      'k3d version': 'k3d version v5.9.0\nk3s version v1.34.4-k3s1 (default)',
      'k3d cluster create': (args) => {
        made = true;
        return typeof create === 'function' ? create(args) : create;
      },
      'k3d kubeconfig get': 'kubeconfig',
    };
  };

  test('goes by the config file, and never by the kubeconfig of the user', async () => {
    let config = '';
    let registries = '';
    const { run, calls } = fakeRun(
      making((args) => {
        config = readFileSync(args[2]!.replace('--config=', ''), 'utf8');
        registries = readFileSync(JSON.parse(config).registries.config, 'utf8');
        return '';
      }),
    );
    const state = await createCluster(run, { ...inputs, mirror: 'mirror.example.com/hub' });
    expect(JSON.parse(config)).toMatchObject({ metadata: { name: 'c' }, agents: 2 });
    expect(JSON.parse(registries)).toMatchObject({ mirrors: { 'docker.io': {} } });
    expect(state).toMatchObject({
      name: 'c',
      identity: '01234567',
      kubeconfigPath: `${process.cwd()}/.breakwater/dev/kubeconfig`,
      containers: 'k3d-c-agent- k3d-c-agent- k3d-c-server k3d-c-server',
    });

    const create = calls.find(({ line }) => line.startsWith('k3d cluster create'))!;
    const folder = dirname(create.line.split('--config=')[1]!);
    expect(create.options.env).toEqual({
      KUBECONFIG: `${folder}/none`,
      TMPDIR: folder,
      K3D_IMAGE_LOADBALANCER: 'mirror.example.com/hub/k3d-io/k3d-proxy:5.9.0',
      K3D_IMAGE_TOOLS: 'mirror.example.com/hub/k3d-io/k3d-tools:5.9.0',
    });
    expect(existsSync(folder)).toBe(false);
    expect(short(linesOf(calls, 'kubectl'))).toEqual([
      'kubectl get --raw=/readyz',
      'kubectl label --overwrite node k3d-c-agent-0 k3d-c-agent-1 breakwater/storage=true',
    ]);
  });

  test('leaves a cluster alone that is there already', async () => {
    const { run, calls } = fakeRun(dockerOf(cluster(0)));
    await expect(createCluster(run, inputs)).rejects.toThrow(
      "there is a k3d cluster c already, which this stack's state does not know. If nobody needs it, delete it and its data (k3d cluster delete c) and run this again",
    );
    expect(linesOf(calls, 'k3d')).toEqual([]);
  });

  test('makes the caches first, if the user asked for them', async () => {
    const { run, calls } = fakeRun(making());
    await createCluster(run, { ...inputs, cacheImage: 'registry:3.1.1' });
    const k3d = linesOf(calls, 'k3d').map((line) => line.split(' ').slice(0, 4).join(' '));
    expect(k3d.slice(0, 3)).toEqual([
      'k3d registry create breakwater-cache-docker-io',
      'k3d registry create breakwater-cache-ghcr-io',
      'k3d registry create breakwater-cache-quay-io',
    ]);
  });

  test.each(['k3d cluster create', 'k3d kubeconfig get', 'kubectl --kubeconfig'])(
    'that fails in %s leaves nothing',
    async (step) => {
      const answers = { ...making(step === 'k3d cluster create' ? new Error('boom') : '') };
      if (step === 'k3d kubeconfig get') answers[step] = new Error('boom');
      if (step === 'kubectl --kubeconfig')
        answers[step] = (args) => (args.includes('label') ? new Error('boom') : 'ok');
      const { run, calls } = fakeRun(answers);
      await expect(createCluster(run, inputs)).rejects.toThrow('boom');
      expect(linesOf(calls, 'k3d cluster delete')).toEqual(['k3d cluster delete c']);
      expect(existsSync('.breakwater')).toBe(false);
    },
  );
});

describe('reading', () => {
  const state: K3dState = { ...inputs, kubeconfigPath: '', containers: '' };

  test('finds how many agents there are', async () => {
    const { run } = fakeRun({ ...dockerOf(cluster(0, 1, 2)), 'k3d kubeconfig get': 'x' });
    expect(await readCluster(run, state)).toMatchObject({ agents: 3, identity: '01234567' });
  });

  test('notices that the cluster is gone', async () => {
    const { run } = fakeRun({ 'k3d kubeconfig get': 'x' });
    await writeKubeconfig(run, 'c', 'dev');
    expect(await readCluster(run, state)).toBeUndefined();
    expect(existsSync('.breakwater')).toBe(false);
  });

  test('does not take a stopped cluster for one that is gone', async () => {
    const { run } = fakeRun(dockerOf([{ name: 'k3d-c-server-0', role: 'server', running: false }]));
    await expect(readCluster(run, state)).rejects.toThrow(
      'the k3d cluster c is stopped: start it with k3d cluster start c',
    );
  });

  test('does not take an engine that does not answer for a cluster that is gone', async () => {
    const { run } = fakeRun({ docker: new Error('Cannot connect to the Docker daemon') });
    await expect(readCluster(run, state)).rejects.toThrow('Cannot connect');
  });
});

describe('updating', () => {
  const answers = (containers: readonly FakeContainer[]): Readonly<Record<string, Answer>> => ({
    ...dockerOf(containers),
    'k3d kubeconfig get': 'x',
    kubectl: '{"items":[]}',
  });
  const changing = (lines: readonly string[]) =>
    short(lines).filter((line) => !/^(docker (ps|inspect)|k3d kubeconfig|kubectl (get|label))/.test(line));

  test('nothing to do is nothing done', async () => {
    const { run, calls } = fakeRun(answers(cluster(0, 1)));
    expect(await updateCluster(run, inputs)).toMatchObject(inputs);
    expect(changing(linesOf(calls))).toEqual([]);
  });

  test('more agents', async () => {
    const { run, calls } = fakeRun(answers(cluster(0, 1)));
    await updateCluster(run, { ...inputs, agents: 4 });
    expect(changing(linesOf(calls))).toEqual(
      [2, 3].map(
        (index) =>
          `k3d node create c-agent-${index} --cluster=c --role=agent --runtime-ulimit=nofile=524288:524288 --timeout=180s`,
      ),
    );
  });

  test('a lost agent is forgotten before another takes its place', async () => {
    const { run, calls } = fakeRun({
      ...answers(cluster(1)),
      kubectl: (args) => (args.includes('nodes') ? 'k3d-c-agent-0 k3d-c-agent-1' : '{"items":[]}'),
    });
    await updateCluster(run, inputs);
    expect(changing(linesOf(calls)).map((line) => line.split(' --')[0])).toEqual([
      'kubectl delete node k3d-c-agent-0',
      'k3d node create c-agent-0',
    ]);
  });

  test('fewer agents', async () => {
    const { run, calls } = fakeRun(answers(cluster(0, 1)));
    await updateCluster(run, { ...inputs, agents: 1 });
    expect(linesOf(calls, 'k3d node')).toEqual(['k3d node delete k3d-c-agent-1']);
  });

  test('an agent that holds data stays, and nothing else changes', async () => {
    const { run, calls } = fakeRun({
      ...answers(cluster(0, 1)),
      'kubectl --kubeconfig': volumeOn('k3d-c-agent-1'),
    });
    await expect(updateCluster(run, { ...inputs, agents: 1, httpPort: 9999 })).rejects.toThrow('ns/data');
    expect(changing(linesOf(calls))).toEqual([]);
  });

  test('other ports: the load balancer is replaced, and the API waited for', async () => {
    const { run, calls } = fakeRun(answers(cluster(0, 1)));
    await updateCluster(run, { ...inputs, httpPort: 9999 });
    const lines = short(linesOf(calls));
    expect(lines.find((line) => line.startsWith('docker create'))).toContain('--publish=127.0.0.1:9999:80');
    expect(lines.indexOf('kubectl get --raw=/readyz')).toBeGreaterThan(lines.indexOf('docker start k3d-c-serverlb'));
    expect(linesOf(calls, 'k3d node')).toEqual([]);
  });

  test('a cluster that is gone is said to be', async () => {
    await expect(updateCluster(fakeRun({}).run, inputs)).rejects.toThrow('run pulumi refresh first');
  });
});

describe('deleting', () => {
  test('k3d does it, and what it leaves is swept up', async () => {
    let left = true;
    const docker = dockerOf([{ name: 'k3d-c-server-0', role: 'server', volumes: ['anonymous', 'gone'] }]);
    const { run, calls } = fakeRun({
      ...docker,
      'k3d cluster delete': () => {
        left = false;
        return '';
      },
      'docker ps --all --quiet --filter label=k3d.cluster=': () => (left ? 'k3d-c-server-0-id' : 'stubborn'),
      'docker volume ls --quiet --filter label=k3d.cluster=c': 'labelled\n',
      'docker volume ls --quiet': 'labelled\nanonymous\nsomebody-elses\n',
      'docker network ls': 'k3d-c-other\nk3d-c\n',
      'docker network inspect': 'k3d-breakwater-cache-ghcr-io \n',
    });
    writeFileSync('keep', '');
    await writeKubeconfig(run, 'c', 'dev');
    await deleteCluster(run, 'c', 'dev');
    const done = linesOf(calls).filter((line) => /delete| rm |disconnect/.test(line));
    expect(done).toEqual([
      'k3d cluster delete c',
      'docker rm --force --volumes stubborn',
      'docker volume rm --force anonymous labelled',
      'docker network disconnect --force k3d-c k3d-breakwater-cache-ghcr-io',
      'docker network rm k3d-c',
    ]);
    const env = calls.find(({ line }) => line === 'k3d cluster delete c')?.options.env;
    expect(env?.KUBECONFIG).toMatch(/breakwater-none$/);
    expect([existsSync('.breakwater'), existsSync('keep')]).toEqual([false, true]);
  });

  test('one that is gone already is no error, and nobody else is touched', async () => {
    const { run, calls } = fakeRun({ 'docker volume ls --quiet': '', 'docker network ls': 'k3d-c-other\n' });
    await deleteCluster(run, 'c', 'dev');
    expect(linesOf(calls).filter((line) => /delete| rm /.test(line))).toEqual([]);
  });
});
