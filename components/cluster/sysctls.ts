// Classifies the kernel settings of `cluster:sysctls`: those of the API's pods, of the nodes'
// network namespaces, and of the machine.
import type { StackConfig } from '../../config/schema.ts';
import type { PodSecurityLevel } from '../kubernetes/namespaces.ts';
import type { PodSysctl } from '../kubernetes/pod.ts';

/** Kernel settings by name. */
export type Sysctls = Readonly<Record<string, string>>;

/** The settings by what they are set on; one may be in `pod` and in `node`. */
interface ClassifiedSysctls {
  /** Set in the API's pods: what listens and answers there. */
  readonly pod: Sysctls;
  /**
   * Set in the network namespace of each node and of the load balancer, which pods do not inherit.
   */
  readonly node: Sysctls;
  /** Shared by everything on the machine. */
  readonly host: Sysctls;
}

/**
 * What Pod Security lets pods set at `restricted` and `baseline`, since Kubernetes 1.32.
 *
 * @see https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls
 */
const SAFE_IN_PODS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

/** Settings of the IPC namespace. A pod has its own, and nothing on the nodes uses theirs. */
const IPC = /^(kernel\.(shm|msg)|kernel\.sem$|fs\.mqueue\.)/;

/**
 * `net.core` settings that each network namespace has for itself; the rest of `net.core` is the
 * machine's.
 */
const CORE_OF_NAMESPACE = /^net\.core\.(somaxconn|txrehash|xfrm_\w+)$/;

/** Other `net` settings that are the machine's: memory and limits that all namespaces share. */
const NET_OF_HOST =
  /^net\.(ipv4\.(tcp_mem|udp_mem|tcp_max_orphans|tcp_low_latency|inet_peer_\w+|ipfrag_secret_interval|fib_sync_mem|cipso_\w+|tcp_allowed_congestion_control|tcp_available_\w+)|ipv6\.(mld_max_msf|mld_qrv|calipso_\w+|ip6frag_secret_interval)|netfilter\.nf_conntrack_(max|buckets|expect_max)|nf_conntrack_max)$/;

/**
 * Settings of sockets: how connections are queued, opened and closed. The rest of `net` is about
 * routing.
 */
const OF_SOCKETS =
  /^net\.(core\.somaxconn|unix\.\w+|ipv4\.(tcp_\w+|udp_\w+|ip_local_port_range|ip_local_reserved_ports|ip_unprivileged_port_start|ping_group_range|ip_nonlocal_bind|ip_autobind_reuse))$/;

const ofHost = (name: string): boolean =>
  name.startsWith('net.')
    ? NET_OF_HOST.test(name) || (name.startsWith('net.core.') && !CORE_OF_NAMESPACE.test(name))
    : !IPC.test(name);

const ofPod = (name: string): boolean => !ofHost(name) && (IPC.test(name) || OF_SOCKETS.test(name));

const ofNode = (name: string): boolean => !ofHost(name) && name.startsWith('net.');

const pick = (sysctls: Sysctls, belongs: (name: string) => boolean): Sysctls =>
  Object.fromEntries(Object.entries(sysctls).filter(([name]) => belongs(name)));

/** Sorts settings by what they are set on. */
export const classifySysctls = (sysctls: Sysctls): ClassifiedSysctls => ({
  pod: pick(sysctls, ofPod),
  node: pick(sysctls, ofNode),
  host: pick(sysctls, ofHost),
});

/** The pod settings that Pod Security refuses at `restricted`. */
export const unsafePodSysctls = (sysctls: Sysctls): readonly string[] =>
  Object.keys(classifySysctls(sysctls).pod).filter((name) => !SAFE_IN_PODS.has(name));

/** The level that the API's namespace needs. Only `privileged` allows unsafe settings. */
export const podSecurityLevel = (sysctls: Sysctls): PodSecurityLevel =>
  unsafePodSysctls(sysctls).length > 0 ? 'privileged' : 'restricted';

/** The settings of the API's pods, as a pod's spec has them. */
export const podSysctls = (sysctls: Sysctls): readonly PodSysctl[] =>
  Object.entries(classifySysctls(sysctls).pod).map(([name, value]) => ({ name, value }));

/** Something that the user should know about the settings. */
interface SysctlNotice {
  readonly severity: 'info' | 'warning';
  readonly message: string;
}

const listed = (names: readonly string[]): string => names.join(', ');

function podNotices(sysctls: Sysctls, { kind, namespace }: StackConfig['cluster']): readonly SysctlNotice[] {
  const unsafe = unsafePodSysctls(sysctls);
  if (unsafe.length === 0) return [];
  const allow =
    kind !== 'k3d'
      ? ' The kubelets of the cluster must allow them (--allowed-unsafe-sysctls), or the pods do not start (SysctlForbidden).'
      : '';
  return [
    {
      severity: 'warning',
      message: `POD SECURITY IS LOOSENED: cluster:sysctls sets ${listed(unsafe)} in the API's pods, which Kubernetes calls unsafe. The namespace ${namespace}-api is therefore at the Pod Security level "privileged" instead of "restricted"; all others stay restricted. Leave these settings out to get it back.${allow}`,
    },
  ];
}

function nodeNotices(node: Sysctls, kind: StackConfig['cluster']['kind']): readonly SysctlNotice[] {
  const names = Object.keys(node);
  if (names.length === 0 || kind === 'k3d') return [];
  return [
    {
      severity: 'warning',
      message: `cluster:sysctls: ${listed(names)} cannot be set on the nodes of a cluster of cluster:kind ${kind}, which are not this stack's. Node ports and the ingress go on with what the nodes have; set it where the nodes are made.`,
    },
  ];
}

/** Parts of a value may be separated by any whitespace. */
const sameValue = (a: string | undefined, b: string): boolean =>
  a?.trim().replace(/\s+/g, ' ') === b.trim().replace(/\s+/g, ' ');

function hostNotices(
  host: Sysctls,
  { kind, applyHostSysctls }: StackConfig['cluster'],
  current: (name: string) => string | undefined,
): readonly SysctlNotice[] {
  const names = Object.keys(host);
  if (kind !== 'k3d')
    return names.length === 0
      ? []
      : [
          {
            severity: 'warning',
            message: `cluster:sysctls leaves ${listed(names)} alone: the machines that the nodes run on are not this stack's with cluster:kind ${kind}. Set it where the nodes are made.`,
          },
        ];
  if (applyHostSysctls)
    return names.map((name) => ({
      severity: 'info',
      message: `cluster:sysctls: ${name} = ${host[name]} is set for this whole machine (cluster:applyHostSysctls) and restored on destroy.`,
    }));
  return names
    .filter((name) => !sameValue(current(name), host[name]!))
    .map((name) => ({
      severity: 'warning',
      message: `cluster:sysctls: ${name} is shared with everything on this machine, so it is left at ${current(name) ?? 'what it is'} instead of ${host[name]}. Set it yourself (sudo sysctl -w ${name}='${host[name]}'), or let it be set and restored on destroy: pulumi config set cluster:applyHostSysctls true.`,
    }));
}

/**
 * What the user should know: which settings loosen Pod Security, and which are not applied, with
 * the reason.
 *
 * @param current what a setting of this machine is now; undefined where that can't be read
 */
export function sysctlNotices(
  config: StackConfig['cluster'],
  current: (name: string) => string | undefined,
): readonly SysctlNotice[] {
  const { node, host } = classifySysctls(config.sysctls);
  return [
    ...podNotices(config.sysctls, config),
    ...nodeNotices(node, config.kind),
    ...hostNotices(host, config, current),
  ];
}
