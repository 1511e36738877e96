// The config file of k3d (k3d.io/v1alpha5) from the stack's config.
import { IMAGE_CACHES } from './image-cache.ts';
import { registryContainerOf, serversOf } from './names.ts';

/** What a k3d cluster is created from. Only `agents` and the ports for users can change later. */
export interface K3dInputs {
  /** Name of the cluster, `breakwater-dev`. */
  readonly name: string;
  /** Name of the stack and of the kubeconfig's folder. */
  readonly stack: string;
  readonly servers: number;
  readonly agents: number;
  /** Image of the nodes; its version is the cluster's. */
  readonly image: string;
  /** Image of the registry. */
  readonly registryImage: string;
  /**
   * `images:mirror`: where the images of k3d and of the system pods come from instead of their
   * public registries.
   */
  readonly mirror?: string;
  /**
   * `images:cache`: image of the caches of this machine that the nodes pull public images through.
   * @default no caches
   */
  readonly cacheImage?: string;
  /** Address of this machine that the ports for users are opened on. */
  readonly hostAddress: string;
  /** Port of this machine that leads to the ingress. */
  readonly httpPort: number;
  /** Port of this machine that leads to `nodePort`. */
  readonly nodePortHostPort: number;
  /** Port of the nodes that the API's service is reached at. */
  readonly nodePort: number;
  /** Ports of this machine that lead to the same ports of the nodes: Kafka's. @default none */
  readonly brokerPorts?: readonly number[];
  /** Port of this machine that leads to the Kubernetes API; open to this machine only. */
  readonly apiPort: number;
  /** Port of this machine that leads to the registry; open to this machine only. */
  readonly registryPort: number;
}

/** A port of this machine and where the load balancer forwards it to. */
export interface PortMapping {
  /** Address of this machine. */
  readonly address: string;
  /** Port of this machine. */
  readonly hostPort: number;
  /** Port of the nodes. */
  readonly nodePort: number;
}

/** Port of the ingress controller on each node. */
const INGRESS_PORT = 80;
/** Port of the Kubernetes API within the load balancer. */
const KUBERNETES_PORT = 6443;
/** Port of the registry in its container. Pods cannot reach any other (k3d#1406). */
const REGISTRY_PORT = 5000;

/**
 * Connections of one worker of the load balancer: two for each of 10,000 users (from the user and
 * to the node), who may all be on one worker, and half as many again for connections that are being
 * opened or closed.
 */
const WORKER_CONNECTIONS = 32_768;

/**
 * Open files of each node, which its pods inherit, and of the load balancer. Recent versions of
 * Docker default to 1,024. This is systemd's default maximum, so that rootless Docker can set it as
 * well.
 */
export const OPEN_FILES = 524_288;

/**
 * Kernel settings of a pod's own namespaces that Kubernetes calls unsafe. The kubelets allow them
 * all from the start, because their arguments cannot change later; Pod Security decides whether the
 * pods of a namespace may use them.
 */
const ALLOWED_UNSAFE_SYSCTLS = ['net.*', 'kernel.shm*', 'kernel.msg*', 'kernel.sem', 'fs.mqueue.*'] as const;

/** The ports for users: ingress and node ports. */
function userPorts(inputs: K3dInputs): readonly PortMapping[] {
  const { hostAddress: address, httpPort, nodePortHostPort, nodePort, brokerPorts = [] } = inputs;
  return [
    { address, hostPort: httpPort, nodePort: INGRESS_PORT },
    { address, hostPort: nodePortHostPort, nodePort },
    ...brokerPorts.map((port) => ({ address, hostPort: port, nodePort: port })),
  ];
}

/** All ports of the load balancer. */
export const loadBalancerPorts = (inputs: K3dInputs): readonly PortMapping[] => [
  { address: '127.0.0.1', hostPort: inputs.apiPort, nodePort: KUBERNETES_PORT },
  ...userPorts(inputs),
];

/** Where images are pushed to and pulled from, by one name on this machine and on the nodes. */
export const registryOf = (port: number): string => `localhost:${port}`;

/**
 * Where the nodes find images: the file that k3s reads as `registries.yaml` (JSON is valid YAML).
 */
export function registriesConfig({ name, registryPort, mirror, cacheImage }: K3dInputs): object {
  const [host, ...path] = (mirror ?? '').split('/');
  const at = (container: string) => ({ endpoint: [`http://${container}:${REGISTRY_PORT}`] });
  const rewrite = path.length > 0 && { rewrite: { '^(.*)$': `${path.join('/')}/$1` } };
  return {
    mirrors: {
      // On a node `localhost` is the node itself, so the name leads to the registry's container.
      [registryOf(registryPort)]: at(registryContainerOf(name)),
      // Where a cache does not answer, nodes ask the public registry.
      ...(cacheImage !== undefined &&
        Object.fromEntries(IMAGE_CACHES.map(({ registry, container }) => [registry, at(container)]))),
      // The system pods of k3s are all on Docker Hub.
      ...(mirror !== undefined && { 'docker.io': { endpoint: [`https://${host}`], ...rewrite } }),
    },
  };
}

/**
 * Variables that make k3d take its own helper images from the mirror. `version` is that of the k3d
 * on the PATH.
 */
export function helperImages(mirror: string | undefined, version: string): Readonly<Record<string, string>> {
  if (mirror === undefined) return {};
  return {
    K3D_IMAGE_LOADBALANCER: `${mirror}/k3d-io/k3d-proxy:${version}`,
    K3D_IMAGE_TOOLS: `${mirror}/k3d-io/k3d-tools:${version}`,
  };
}

/**
 * The config of a cluster, for `k3d cluster create --config`.
 *
 * Ports lead to the servers and not to the agents: the load balancer resolves its targets when it
 * starts and exits when one is gone, and agents are added and removed. kube-proxy forwards
 * connections to pods on any node.
 *
 * @param registriesFile path of a file with `registriesConfig`: k3d would expand its `$1`
 */
export function k3dConfig(inputs: K3dInputs, registriesFile: string): object {
  const { name, servers, agents, image, apiPort, registryPort, cacheImage } = inputs;
  const k3sArg = (arg: string) => ({ arg, nodeFilters: ['server:*', 'agent:*'] });
  return {
    apiVersion: 'k3d.io/v1alpha5',
    kind: 'Simple',
    metadata: { name },
    servers,
    agents,
    image,
    kubeAPI: { hostIP: '127.0.0.1', hostPort: String(apiPort) },
    ports: userPorts(inputs).map(({ address, hostPort, nodePort }) => ({
      port: `${address}:${hostPort}:${nodePort}`,
      nodeFilters: ['server:*:proxy'],
    })),
    registries: {
      create: {
        name: registryContainerOf(name),
        host: '127.0.0.1',
        hostPort: String(registryPort),
        image: inputs.registryImage,
      },
      // Connects them to the network of the cluster.
      ...(cacheImage !== undefined && { use: IMAGE_CACHES.map(({ container }) => container) }),
      config: registriesFile,
    },
    options: {
      k3d: {
        wait: true,
        timeout: '300s',
        loadbalancer: { configOverrides: [`settings.workerConnections=${WORKER_CONNECTIONS}`] },
      },
      k3s: { extraArgs: [k3sArg(`--kubelet-arg=allowed-unsafe-sysctls=${ALLOWED_UNSAFE_SYSCTLS.join(',')}`)] },
      // The user's kubeconfig and current context stay as they are.
      kubeconfig: { updateDefaultKubeconfig: false, switchCurrentContext: false },
      runtime: { ulimits: [{ name: 'nofile', soft: OPEN_FILES, hard: OPEN_FILES }] },
    },
  };
}

/** What the load balancer reads as `/etc/confd/values.yaml`: which port leads to which nodes. */
export function loadBalancerValues(inputs: K3dInputs): string {
  const ports = loadBalancerPorts(inputs).map(({ nodePort }) => {
    const targets = serversOf(inputs.name, inputs.servers).map((server) => `  - ${server}\n`);
    return `  ${nodePort}.tcp:\n${targets.join('')}`;
  });
  return `ports:\n${ports.join('')}settings:\n  workerConnections: ${WORKER_CONNECTIONS}\n`;
}
