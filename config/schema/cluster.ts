// Config of the cluster: where it runs, how many nodes it has, how it is reached, its kernel
// settings, and where its images and charts come from.
import { z } from 'zod';
import { oneOf, optionalText, secretText, textMap, textOr, toggle, wholeNumber } from '../keys.ts';

const REGISTRY = /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]+)?$/;

const replacesCluster = 'Replaces the k3d cluster and its volumes: data is lost. The preview says so.';
const replacesLoadBalancer = 'Replaces the k3d load balancer: connections break briefly. Data stays.';
const rollsOwnImages =
  'rolls the pods of all apps, and the brokers one by one because of the agent beside each. Data stays.';
const rollsEverything = 'Rolls the pods of every component. Data stays.';

const hostPort = (port: number, description: string, change: string) =>
  wholeNumber({ min: 1, max: 65_535, default: port, description, change });

/** `cluster:*` */
export const clusterSchema = z.object({
  kind: oneOf(['k3d', 'kubeconfig', 'eks'], {
    default: 'k3d',
    description:
      '`k3d` creates a cluster in Docker on this machine; `kubeconfig` uses an existing cluster; `eks` creates one on AWS (docs/aws.md).',
    change:
      'Replaces everything: the new cluster starts empty. Data in the old cluster is deleted with it (k3d, eks) or left behind (kubeconfig).',
  }),
  context: optionalText({
    pattern: /^\S+$/,
    allowed: 'a context in your kubeconfig',
    description:
      'Kubeconfig context of the existing cluster. Required with `cluster:kind kubeconfig`; the current context is never used implicitly. With `eks`, only on an emulator of AWS, whose EKS clusters run nothing: what belongs into one goes to this cluster instead.',
    change: 'Replaces everything: the stack moves to the other cluster and starts empty there.',
  }),
  servers: wholeNumber({
    min: 1,
    max: 7,
    default: 1,
    unit: 'nodes',
    description: 'Number of control-plane nodes (k3d); odd, so that etcd has a majority.',
    change: replacesCluster,
  }),
  agents: wholeNumber({
    min: 1,
    max: 50,
    default: 3, // one for each broker
    unit: 'nodes',
    description: 'Number of worker nodes (k3d).',
    change:
      'In place. A removed agent is drained first. The removal is refused while it holds a volume, so no data is lost.',
  }),
  hostAddress: textOr('127.0.0.1', {
    pattern: /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.|$)){4}$/,
    allowed: 'an IPv4 address of this machine, such as 0.0.0.0 for all of them',
    description:
      'Address of this machine that the ports for users are opened on (k3d). The default is reachable from this machine only, because the API has no login.',
    change: replacesLoadBalancer,
  }),
  httpPort: hostPort(8080, 'Port of this machine that leads to the ingress (k3d).', replacesLoadBalancer),
  nodePortHostPort: hostPort(8000, 'Port of this machine that leads to `api:nodePort` (k3d).', replacesLoadBalancer),
  apiPort: hostPort(6550, 'Port of this machine that leads to the Kubernetes API (k3d).', replacesCluster),
  registryPort: hostPort(
    5050,
    'Port of this machine that leads to the image registry of the cluster (k3d).',
    replacesCluster,
  ),
  registry: optionalText({
    pattern: REGISTRY,
    allowed: 'a registry with an optional path, such as registry.example.com/team',
    description:
      'Registry that the images of the apps are pushed to and pulled from (kubeconfig). Required there; run `docker login` first. A k3d cluster has its own, and so has an EKS cluster outside an emulator.',
    change: `Builds and pushes the images there and ${rollsOwnImages}`,
  }),
  namespace: textOr('breakwater', {
    pattern: /^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$/,
    allowed: 'lower-case letters, digits and hyphens, at most 50',
    description:
      'Kubernetes namespace of the stack, and the prefix of its other namespaces (`<namespace>-api`). Two stacks in one cluster need different ones.',
    change: 'Replaces everything in the cluster, volumes included: data is lost. Refused while the stack is up.',
  }),
  storageClass: optionalText({
    pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    allowed: 'a storage class',
    description: "Storage class of the volumes. Without it, the cluster's default.",
    change: 'Refused while the stack is up: a volume cannot move to another class.',
  }),
  ingressClass: textOr('traefik', {
    pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    allowed: 'an ingress class',
    description: 'Ingress class that serves the API, the console and Grafana.',
    change: 'In place: the ingresses move to the other controller.',
  }),
  priorityClass: optionalText({
    pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    allowed: 'a priority class',
    description:
      "Priority class of the stack's pods, which the cluster must have: which pods give way when nodes are full.",
    change: rollsEverything,
  }),
  nodeSelector: textMap(/^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/, {
    allowed: 'labels by name, such as {"pool": "breakwater"}',
    description: "Labels of the nodes that the stack's pods run on.",
    change: `${rollsEverything} A volume that is bound to another node keeps its pod from starting.`,
  }),
  nodeAffinity: textMap(/^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/, {
    allowed: 'values by label, such as {"topology.kubernetes.io/zone": "eu-west-1a,eu-west-1b"}',
    description:
      "Labels of the nodes that the stack's pods run on, each with the values that it may have, separated by commas.",
    change: `${rollsEverything} A volume that is bound to another node keeps its pod from starting.`,
  }),
  tolerations: textMap(/^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/, {
    allowed: 'taints by name, each with value and effect, such as {"dedicated": "breakwater:NoSchedule"}',
    description:
      "Taints of nodes that the stack's pods tolerate, as kubectl writes them without the name: `value:effect`, or `:effect` for any value.",
    change: rollsEverything,
  }),
  protect: toggle({
    default: false,
    description:
      'Whether `pulumi destroy` and replacements refuse to delete what holds records, until `pulumi state unprotect` allows it.',
    change: 'In place. No data is touched.',
  }),
  sysctls: textMap(/^[a-z0-9_]+(\.[a-z0-9_*-]+)+$/, {
    allowed: 'kernel settings by name, such as {"net.core.somaxconn": "65535"}',
    description:
      'Kernel settings for the API pods and the nodes. Each is classified as pod, node or host; those of the host are changed only with `cluster:applyHostSysctls`.',
    change: 'Rolls the API pods for pod settings; node settings change in place. Data stays.',
  }),
  applyHostSysctls: toggle({
    default: false,
    description:
      'Whether those `cluster:sysctls` that the nodes share with this machine are set on it (k3d). `pulumi destroy` restores the previous values.',
    change: 'In place: sets them, or restores the previous values. Data stays.',
  }),
});

/** `images:*` */
export const imagesSchema = z.object({
  mirror: optionalText({
    pattern: REGISTRY,
    allowed: 'a registry with an optional path, such as mirror.example.com/hub',
    description: 'Registry that official images are pulled from: it replaces the registry host in their names.',
    change: rollsEverything,
  }),
  cache: toggle({
    default: false,
    description:
      'Whether the nodes pull public images through a cache in Docker on this machine (k3d). All stacks share it and it outlives clusters, so that a new cluster need not download them again.',
    change: 'New clusters only: the nodes of an existing one keep their config. Data stays.',
  }),
  digests: toggle({
    default: true,
    description:
      'Whether official images are pinned by digest as well as by version. Turn it off for a mirror that does not preserve digests.',
    change: rollsEverything,
  }),
  pullSecret: secretText({
    description:
      'Login of private registries that the cluster pulls from, in the form of Docker\'s `config.json`: `{"auths":{"registry.example.com":{"auth":"…"}}}`, where `auth` is base64 of `user:password`. The stack puts it into each of its namespaces.',
    change:
      'Rolls the pods of every component when it is set or removed; a new value takes effect in place, at the next pull. Data stays.',
  }),
  platform: optionalText({
    pattern: /^linux\/(amd64|arm64)$/,
    allowed: 'linux/amd64 or linux/arm64',
    description:
      "Platform of the cluster's nodes, which the images of the apps are built for. Without it, the platform of this machine. Another platform needs Docker's emulation.",
    change: `Builds the images again and ${rollsOwnImages}`,
  }),
});

const chart = (of: string) =>
  optionalText({
    pattern: /^\S+$/,
    allowed: 'a folder, a packaged chart, or an oci:// address',
    description: `Location of the Helm chart of ${of}, for machines that cannot reach its public repository.`,
    change: `Upgrades the release of ${of} in place. The pods of the apps are not touched.`,
  });

/** `charts:*` */
export const chartsSchema = z.object({
  keda: chart('KEDA'),
  loadBalancerController: chart('the AWS Load Balancer Controller'),
  clusterAutoscaler: chart('the Cluster Autoscaler'),
});
