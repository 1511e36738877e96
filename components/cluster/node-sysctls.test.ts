// Kernel settings of the nodes: set on each, kept where containers come and go, and put back.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { FakeKernel } from './cluster.testing.ts';
import { applyNodeSysctls, hasDrifted } from './node-sysctls.ts';

const SOMAXCONN = 'net.core.somaxconn';
const RANGE = 'net.ipv4.ip_local_port_range';
const CONNTRACK = 'net.netfilter.nf_conntrack_tcp_loose';

let kernel: FakeKernel;
const defaults = { [SOMAXCONN]: '4096', [RANGE]: '32768\t60999' };
const nodes = ['k3d-c-server-0', 'k3d-c-agent-0', 'k3d-c-serverlb'];

beforeEach(() => {
  kernel = new FakeKernel();
  kernel.add({ name: 'k3d-c-server-0', role: 'server' }, { ...defaults, [CONNTRACK]: '1' });
  kernel.add({ name: 'k3d-c-agent-0', role: 'agent' }, { ...defaults, [CONNTRACK]: '1' });
  kernel.add({ name: 'k3d-c-serverlb', role: 'loadbalancer' }, defaults);
  kernel.add({ name: 'k3d-c-registry', role: 'registry' }, defaults);
  kernel.add({ name: 'k3d-c-agent-1', role: 'agent', running: false }, {});
});

const apply = (sysctls: Record<string, string>, previous: Record<string, string> = {}) =>
  applyNodeSysctls(kernel.run, { cluster: 'c', containers: '', sysctls }, previous);
const values = (name: string) => nodes.map((node) => kernel.get(node, name));

test('are set on every node and the load balancer, and what was before is kept', async () => {
  const { previous } = await apply({ [SOMAXCONN]: '65535', [RANGE]: '1024 65535' });
  expect(values(SOMAXCONN)).toEqual(['65535', '65535', '65535']);
  expect(values(RANGE)).toEqual(['1024 65535', '1024 65535', '1024 65535']);
  expect(kernel.get('k3d-c-registry', SOMAXCONN)).toBe('4096');
  expect(previous).toEqual({ [SOMAXCONN]: '4096', [RANGE]: '32768 60999' });
});

test('that are no longer wanted are put back, and those that stay keep what was before them', async () => {
  const first = await apply({ [SOMAXCONN]: '65535', [RANGE]: '1024 65535' });
  const { previous } = await apply({ [SOMAXCONN]: '1000' }, first.previous);
  expect(values(RANGE)).toEqual(['32768 60999', '32768 60999', '32768 60999']);
  expect(values(SOMAXCONN)).toEqual(['1000', '1000', '1000']);
  expect(previous).toEqual({ [SOMAXCONN]: '4096' });
  await apply({}, previous);
  expect(values(SOMAXCONN)).toEqual(['4096', '4096', '4096']);
});

describe('that cannot be set', () => {
  test('are no error on the load balancer, which routes nothing', async () => {
    await apply({ [CONNTRACK]: '0' });
    expect(values(CONNTRACK)).toEqual(['0', '0', undefined]);
  });

  test('are an error on a node', async () => {
    await expect(apply({ 'net.ipv4.no_such': '1' })).rejects.toThrow(
      'cluster:sysctls: k3d-c-server-0 has no net.ipv4.no_such; k3d-c-agent-0 has no net.ipv4.no_such',
    );
  });

  test('are an error where the kernel refuses the value', async () => {
    kernel.readOnly.add(SOMAXCONN);
    await expect(apply({ [SOMAXCONN]: 'x', [RANGE]: '1 2' })).rejects.toThrow(
      'k3d-c-serverlb refuses the value of net.core.somaxconn',
    );
    expect(values(RANGE)).toEqual(['1 2', '1 2', '1 2']);
  });

  test('are an error without a node', async () => {
    await expect(
      applyNodeSysctls(new FakeKernel().run, { cluster: 'c', containers: '', sysctls: {} }, {}),
    ).rejects.toThrow('the k3d cluster c has no running server: k3d cluster start c');
  });
});

test('a node that started anew has lost them, which is noticed', async () => {
  const inputs = {
    cluster: 'c',
    containers: '',
    sysctls: { [SOMAXCONN]: '65535', [RANGE]: ' 1024   65535', [CONNTRACK]: '0' },
  };
  expect(await hasDrifted(kernel.run, inputs)).toBe(true);
  await applyNodeSysctls(kernel.run, inputs, {});
  expect(await hasDrifted(kernel.run, inputs)).toBe(false);
  kernel.set('k3d-c-serverlb', SOMAXCONN, '4096');
  expect(await hasDrifted(kernel.run, inputs)).toBe(true);
});
