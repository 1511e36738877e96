// Which kernel setting belongs where, what it costs in Pod Security, and what the user is told.
import { describe, expect, test } from '@jest/globals';
import { loadStackConfig } from '../../config/load.ts';
import { parseStackConfig } from '../../config/parse.ts';
import { classifySysctls, podSecurityLevel, podSysctls, sysctlNotices, unsafePodSysctls } from './sysctls.ts';

type Place = 'pod' | 'node' | 'host';

/** Setting, where it belongs, and whether Kubernetes calls it safe in a pod. */
const table: readonly [string, readonly Place[], boolean][] = [
  // Sockets: the API's pods listen, and so do the nodes and the load balancer on the way to them.
  ['net.core.somaxconn', ['pod', 'node'], false],
  ['net.ipv4.tcp_max_syn_backlog', ['pod', 'node'], false],
  ['net.ipv4.tcp_tw_reuse', ['pod', 'node'], false],
  ['net.ipv4.tcp_congestion_control', ['pod', 'node'], false],
  ['net.ipv4.udp_rmem_min', ['pod', 'node'], false],
  ['net.unix.max_dgram_qlen', ['pod', 'node'], false],
  ['net.ipv4.tcp_fin_timeout', ['pod', 'node'], true],
  ['net.ipv4.tcp_syncookies', ['pod', 'node'], true],
  ['net.ipv4.ip_local_port_range', ['pod', 'node'], true],
  ['net.ipv4.ip_local_reserved_ports', ['pod', 'node'], true],
  ['net.ipv4.ip_unprivileged_port_start', ['pod', 'node'], true],
  ['net.ipv4.ping_group_range', ['pod', 'node'], true],
  ['net.ipv4.tcp_keepalive_time', ['pod', 'node'], true],
  ['net.ipv4.tcp_rmem', ['pod', 'node'], true],
  ['net.ipv4.tcp_wmem', ['pod', 'node'], true],
  // Routing: pods route nothing.
  ['net.ipv4.ip_forward', ['node'], true],
  ['net.ipv4.conf.all.rp_filter', ['node'], true],
  ['net.ipv4.neigh.default.gc_thresh3', ['node'], true],
  ['net.ipv6.conf.all.disable_ipv6', ['node'], true],
  ['net.bridge.bridge-nf-call-iptables', ['node'], true],
  ['net.netfilter.nf_conntrack_tcp_timeout_time_wait', ['node'], true],
  // Memory that processes share: each pod has its own.
  ['kernel.shm_rmid_forced', ['pod'], true],
  ['kernel.shmmax', ['pod'], false],
  ['kernel.msgmax', ['pod'], false],
  ['kernel.sem', ['pod'], false],
  ['fs.mqueue.msg_max', ['pod'], false],
  // Everything else is the machine's, some of `net` too.
  ['vm.max_map_count', ['host'], true],
  ['vm.swappiness', ['host'], true],
  ['fs.file-max', ['host'], true],
  ['fs.inotify.max_user_watches', ['host'], true],
  ['kernel.pid_max', ['host'], true],
  ['kernel.semaphores_do_not_exist', ['host'], true],
  ['net.core.netdev_max_backlog', ['host'], true],
  ['net.core.rmem_max', ['host'], true],
  ['net.core.wmem_max', ['host'], true],
  ['net.ipv4.tcp_mem', ['host'], true],
  ['net.ipv4.udp_mem', ['host'], true],
  ['net.ipv4.tcp_max_orphans', ['host'], true],
  ['net.netfilter.nf_conntrack_max', ['host'], true],
  ['net.netfilter.nf_conntrack_buckets', ['host'], true],
  ['net.nf_conntrack_max', ['host'], true],
];

test.each(table)('%s belongs to %j', (name, places, safe) => {
  const { pod, node, host } = classifySysctls({ [name]: '1' });
  const found = (['pod', 'node', 'host'] as const).filter((place) => name in { pod, node, host }[place]);
  expect(found).toEqual(places);
  expect(podSecurityLevel({ [name]: '1' })).toBe(safe ? 'restricted' : 'privileged');
  expect(podSysctls({ [name]: '1' })).toEqual(places.includes('pod') ? [{ name, value: '1' }] : []);
});

test('one unsafe setting is enough, and each is named', () => {
  const sysctls = {
    'net.ipv4.tcp_syncookies': '1',
    'net.core.somaxconn': '9',
    'vm.swappiness': '1',
    'kernel.sem': '1',
  };
  expect(podSecurityLevel(sysctls)).toBe('privileged');
  expect(unsafePodSysctls(sysctls)).toEqual(['net.core.somaxconn', 'kernel.sem']);
  expect(podSecurityLevel({})).toBe('restricted');
});

test('the stack spike sets what its comments say', () => {
  const { sysctls } = loadStackConfig('spike', process.cwd()).cluster;
  const { pod, node, host } = classifySysctls(sysctls);
  expect(Object.keys(pod)).toHaveLength(6);
  expect(node).toEqual(pod);
  expect(host).toEqual({});
  expect(unsafePodSysctls(sysctls)).toEqual([
    'net.core.somaxconn',
    'net.ipv4.tcp_max_syn_backlog',
    'net.ipv4.tcp_tw_reuse',
  ]);
});

describe('the user is told', () => {
  const notices = (sysctls: Record<string, string>, more: Record<string, string> = {}, current?: string) => {
    const { cluster } = parseStackConfig({ 'cluster:sysctls': sysctls, ...more });
    return sysctlNotices(cluster, () => current).map(({ severity, message }) => `${severity}: ${message}`);
  };
  const kubeconfig = { 'cluster:kind': 'kubeconfig', 'cluster:context': 'c', 'cluster:registry': 'r.example' };

  test('nothing where everything can be done as asked', () => {
    expect(notices({})).toEqual([]);
    expect(notices({ 'net.ipv4.tcp_syncookies': '1', 'net.netfilter.nf_conntrack_tcp_loose': '0' })).toEqual([]);
    expect(notices({ 'net.ipv4.tcp_syncookies': '1' }, kubeconfig)).toHaveLength(1);
    expect(notices({}, kubeconfig)).toEqual([]);
  });

  test('loudly that Pod Security is loosened', () => {
    expect(notices({ 'net.core.somaxconn': '1' }, { 'cluster:namespace': 'bw' })).toEqual([
      'warning: POD SECURITY IS LOOSENED: cluster:sysctls sets net.core.somaxconn in the API\'s pods, which Kubernetes calls unsafe. The namespace bw-api is therefore at the Pod Security level "privileged" instead of "restricted"; all others stay restricted. Leave these settings out to get it back.',
    ]);
  });

  test("that another's kubelets must allow unsafe settings, and that its nodes are not ours", () => {
    expect(notices({ 'net.core.somaxconn': '1' }, kubeconfig)).toEqual([
      expect.stringMatching(/POD SECURITY.* The kubelets of the cluster must allow them \(--allowed-unsafe-sysctls\)/),
      "warning: cluster:sysctls: net.core.somaxconn cannot be set on the nodes of a cluster of cluster:kind kubeconfig, which are not this stack's. Node ports and the ingress go on with what the nodes have; set it where the nodes are made.",
    ]);
    expect(notices({ 'vm.swappiness': '1' }, kubeconfig)).toEqual([
      "warning: cluster:sysctls leaves vm.swappiness alone: the machines that the nodes run on are not this stack's with cluster:kind kubeconfig. Set it where the nodes are made.",
    ]);
  });

  test('what of the machine is left alone, and how to change it', () => {
    expect(notices({ 'vm.max_map_count': '262144' }, {}, '65530')).toEqual([
      "warning: cluster:sysctls: vm.max_map_count is shared with everything on this machine, so it is left at 65530 instead of 262144. Set it yourself (sudo sysctl -w vm.max_map_count='262144'), or let it be set and restored on destroy: pulumi config set cluster:applyHostSysctls true.",
    ]);
    expect(notices({ 'vm.max_map_count': '262144' })[0]).toContain('left at what it is instead of 262144');
    expect(notices({ 'net.ipv4.tcp_mem': '1 2 3' }, {}, '1\t2\t3')).toEqual([]);
  });

  test('what of the machine is changed', () => {
    expect(notices({ 'vm.swappiness': '1' }, { 'cluster:applyHostSysctls': 'true' }, '60')).toEqual([
      'info: cluster:sysctls: vm.swappiness = 1 is set for this whole machine (cluster:applyHostSysctls) and restored on destroy.',
    ]);
  });
});
