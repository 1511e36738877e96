// The containers of a k3d cluster as Docker knows them: what there really is, whatever the state
// says.
import type { Run } from '../../tooling/run.ts';
import type { PortMapping } from './k3d-config.ts';

/** What a container of the cluster does. */
export type Role = 'server' | 'agent' | 'loadbalancer' | 'registry';

/** One container of a cluster. */
export interface ContainerState {
  readonly id: string;
  readonly name: string;
  readonly role: Role | '';
  readonly running: boolean;
  readonly image: string;
  /** Ports of this machine that it has, or had while it ran. */
  readonly ports: readonly PortMapping[];
  /** Docker volumes that it holds. */
  readonly volumes: readonly string[];
  /** As Docker tells it, to make a container like it. */
  readonly labels: Readonly<Record<string, string>>;
  readonly environment: readonly string[];
  readonly binds: readonly string[];
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Running: boolean };
  readonly Config: {
    readonly Image: string;
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly Env: readonly string[] | null;
  };
  readonly HostConfig: {
    readonly Binds?: readonly string[] | null;
    readonly PortBindings?: Readonly<
      Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
    > | null;
  };
  readonly Mounts?: readonly { readonly Type: string; readonly Name?: string }[];
}

/** Label that k3d gives to whatever belongs to a cluster. */
export const clusterLabel = (cluster: string): string => `k3d.cluster=${cluster}`;

/** What `docker inspect` printed, read. */
export function parseContainers(printed: string): readonly ContainerState[] {
  return (JSON.parse(printed) as readonly Inspected[]).map(({ Id, Name, State, Config, HostConfig, Mounts = [] }) => ({
    id: Id,
    name: Name.replace(/^\//, ''),
    role: (Config.Labels?.['k3d.role'] ?? '') as Role | '',
    running: State.Running,
    image: Config.Image,
    ports: Object.entries(HostConfig.PortBindings ?? {}).flatMap(([port, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => ({
        address: HostIp,
        hostPort: Number(HostPort),
        nodePort: Number.parseInt(port, 10),
      })),
    ),
    volumes: Mounts.flatMap(({ Type, Name: volume }) => (Type === 'volume' && volume ? [volume] : [])),
    labels: Config.Labels ?? {},
    environment: Config.Env ?? [],
    binds: HostConfig.Binds ?? [],
  }));
}

/** Every container of the cluster, running or not. None means that there is no such cluster. */
export async function containersOf(run: Run, cluster: string): Promise<readonly ContainerState[]> {
  const ids = await run('docker', ['ps', '--all', '--quiet', '--filter', `label=${clusterLabel(cluster)}`]);
  const list = ids.split(/\s+/).filter((id) => id !== '');
  return list.length === 0 ? [] : parseContainers(await run('docker', ['inspect', ...list]));
}
