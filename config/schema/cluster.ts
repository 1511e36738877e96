// Config of the cluster: where it runs, how many nodes it has, how it is reached, and its sysctls.
import { z } from 'zod';
import { oneOf, optionalText, textMap, wholeNumber } from '../keys.ts';

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
  sysctls: textMap(/^[a-z0-9_]+(\.[a-z0-9_*-]+)+$/, {
    allowed: 'kernel settings by name, such as {"net.core.somaxconn": "65535"}',
    description:
      'Kernel settings for the API pods and the nodes. Each is classified as pod, node or host; one of the host is never changed unasked.',
    change: 'Rolls the API pods for pod settings; node settings change in place. Data stays.',
  }),
});
