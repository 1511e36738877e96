// Kernel settings of the machine: set because they were asked for, and put back, whatever happens.
import { beforeEach, expect, test } from '@jest/globals';
import { FakeKernel } from './cluster.testing.ts';
import { applyHostSysctls } from './host-sysctls.ts';

const BACKLOG = 'net.core.netdev_max_backlog';
const MAPS = 'vm.max_map_count';

let kernel: FakeKernel;

beforeEach(() => {
  kernel = new FakeKernel();
  kernel.add({ name: 'host' }, { [BACKLOG]: '1000', [MAPS]: '65530' });
});

const apply = (sysctls: Record<string, string>, previous: Record<string, string> = {}) =>
  applyHostSysctls(kernel.run, { image: 'k3s:v1', sysctls }, previous);
const now = () => ({ [BACKLOG]: kernel.get('host', BACKLOG), [MAPS]: kernel.get('host', MAPS) });

test('what was before comes back on destroy, even after a change', async () => {
  const first = await apply({ [BACKLOG]: '2000', [MAPS]: '262144' });
  expect(now()).toEqual({ [BACKLOG]: '2000', [MAPS]: '262144' });
  const second = await apply({ [BACKLOG]: '3000' }, first.previous);
  expect(now()).toEqual({ [BACKLOG]: '3000', [MAPS]: '65530' });
  expect(second.previous).toEqual({ [BACKLOG]: '1000' });
  await apply({}, second.previous);
  expect(now()).toEqual({ [BACKLOG]: '1000', [MAPS]: '65530' });
});

test('if the machine does not take one, all are as before', async () => {
  await expect(apply({ [BACKLOG]: '2000', 'vm.no_such': '1' })).rejects.toThrow(
    'cluster:applyHostSysctls: this machine has no vm.no_such',
  );
  expect(now()).toEqual({ [BACKLOG]: '1000', [MAPS]: '65530' });
  kernel.readOnly.add(MAPS);
  await expect(apply({ [BACKLOG]: '2000', [MAPS]: 'x' })).rejects.toThrow('refuses the value of vm.max_map_count');
  expect(now()).toEqual({ [BACKLOG]: '1000', [MAPS]: '65530' });
});
