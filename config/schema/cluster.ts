// Config of the cluster: where it runs, how many nodes it has, how it is reached, and its sysctls.
import { z } from 'zod';
import { oneOf, optionalText, textMap, textOr, toggle, wholeNumber } from '../keys.ts';

/** `cluster:*` */
export const clusterSchema = z.object({
  kind: oneOf(['k3d', 'kubeconfig'], {
    default: 'k3d',
    description: '`k3d` makes a cluster in Docker on this machine; `kubeconfig` uses one that exists.',
    change:
      'Replaces everything: the new cluster starts empty. Data in the old cluster is deleted with it (k3d) or left behind (kubeconfig).',
  }),
  context: optionalText({
    pattern: /^\S+$/,
    allowed: 'a context in your kubeconfig',
    description:
      'The kubeconfig context of the existing cluster. Needed with `cluster:kind kubeconfig`; the current context is never used silently.',
    change: 'Replaces everything: the stack moves to the other cluster and starts empty there.',
  }),
  servers: wholeNumber({
    min: 1,
    max: 7,
    default: 1,
    unit: 'nodes',
    description: 'Control-plane nodes (k3d). An odd number, so that etcd has a majority.',
    change: 'Replaces the k3d cluster and its volumes: data is lost. The preview says so.',
  }),
  agents: wholeNumber({
    min: 1,
    max: 50,
    default: 3,
    unit: 'nodes',
    description: 'Worker nodes (k3d).',
    change: 'In place. A removed agent is drained first; refused while it holds a volume, so no data is lost.',
  }),
  hostAddress: textOr('127.0.0.1', {
    pattern: /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.|$)){4}$/,
    allowed: 'an IPv4 address of this machine, such as 0.0.0.0 for all of them',
    description:
      'Address of this machine that the ports for users are opened on (k3d). By default nobody else reaches them: the API has no login.',
    change: 'Replaces the k3d load balancer: a short interruption; data stays.',
  }),
  httpPort: wholeNumber({
    min: 1,
    max: 65_535,
    default: 8080,
    description: 'Port of this machine that leads to the ingress (k3d).',
    change: 'Replaces the k3d load balancer: a short interruption; data stays.',
  }),
  nodePortHostPort: wholeNumber({
    min: 1,
    max: 65_535,
    default: 8000,
    description: 'Port of this machine that leads to `api:nodePort` (k3d).',
    change: 'Replaces the k3d load balancer: a short interruption; data stays.',
  }),
  apiPort: wholeNumber({
    min: 1,
    max: 65_535,
    default: 6550,
    description: 'Port of this machine that leads to the Kubernetes API (k3d).',
    change: 'Replaces the k3d cluster and its volumes: data is lost. The preview says so.',
  }),
  registryPort: wholeNumber({
    min: 1,
    max: 65_535,
    default: 5050,
    description: 'Port of this machine that leads to the image registry of the cluster (k3d).',
    change: 'Replaces the k3d cluster and its volumes: data is lost. The preview says so.',
  }),
  registry: optionalText({
    pattern: /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._/-]+)?$/,
    allowed: 'a registry with an optional path, such as registry.example.com/team',
    description:
      'Where the images of the apps are pushed and pulled from (kubeconfig). Needed there; log in with `docker login` first. k3d brings its own.',
    change:
      'Builds and pushes the images there and rolls the pods of all apps, and the brokers one by one for the agent beside each. Data stays.',
  }),
  namespace: textOr('breakwater', {
    pattern: /^[a-z]([a-z0-9-]{0,48}[a-z0-9])?$/,
    allowed: 'lower-case letters, digits and hyphens, at most 50',
    description:
      'Kubernetes namespace of the stack, and the start of the names of its others (`<namespace>-api`). Two stacks on one cluster need two.',
    change: 'Replaces everything in the cluster, volumes included: data is lost. Refused while the stack is up.',
  }),
  storageClass: optionalText({
    pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    allowed: 'a storage class',
    description: "Storage class of the volumes. Without it the cluster's default.",
    change: 'Refused while the stack is up: a volume cannot move to another class.',
  }),
  ingressClass: textOr('traefik', {
    pattern: /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    allowed: 'an ingress class',
    description: 'Ingress class that serves the API and the pages.',
    change: 'In place: the ingress moves to the other controller.',
  }),
  protect: toggle({
    default: false,
    description:
      'Whether `pulumi destroy` and replacements refuse to touch what holds records, until `pulumi state unprotect` allows it.',
    change: 'In place. No data is touched.',
  }),
  sysctls: textMap(/^[a-z0-9_]+(\.[a-z0-9_*-]+)+$/, {
    allowed: 'kernel settings by name, such as {"net.core.somaxconn": "65535"}',
    description:
      'Kernel settings for the API pods and the nodes. Each is classified as pod, node or host; one of the host is never changed unasked.',
    change: 'Rolls the API pods for pod settings; node settings change in place. Data stays.',
  }),
  applyHostSysctls: toggle({
    default: false,
    description:
      'Whether settings of `cluster:sysctls` that the kernel shares with this machine are changed on it (k3d). They are restored on destroy.',
    change: 'In place: sets them, or restores what was there before. Data stays.',
  }),
});
