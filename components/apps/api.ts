// The API in the cluster: its pods, how users reach them, and how many may be down at once.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { apiEnvironment } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';
import { podSysctls } from '../cluster/sysctls.ts';
import { loginFiles } from '../kubernetes/credentials.ts';
import { hostIngress } from '../kubernetes/ingress.ts';
import { labelsOf, selectorOf } from '../kubernetes/labels.ts';
import { Workload } from '../kubernetes/workload.ts';
import type { AppArgs } from './app.ts';

/**
 * How long a stopping pod keeps serving. Until every node and the ingress know that it stops,
 * requests still arrive, and none is dropped. Node ports take about one second, Traefik up to two,
 * and the load balancer of AWS up to its deregistration delay.
 */
const drainDelayMs = ({ kind }: StackConfig['cluster']): number => (kind === 'eks' ? 20_000 : 5_000);

const STICKY_COOKIE = 'breakwater';

/** Pods that always run: `api:replicas`, or the autoscaler's minimum. */
export const minPodsOf = ({ api, hpa }: Pick<StackConfig, 'api' | 'hpa'>): number =>
  hpa.enabled ? hpa.minReplicas : api.replicas;

/** Annotations for sticky sessions that Traefik reads from the Service. */
const TRAEFIK_STICKY = {
  'traefik.ingress.kubernetes.io/service.sticky.cookie': 'true',
  'traefik.ingress.kubernetes.io/service.sticky.cookie.name': STICKY_COOKIE,
  'traefik.ingress.kubernetes.io/service.sticky.cookie.httponly': 'true',
};

/** Annotations for sticky sessions that ingress-nginx reads from the Ingress. */
const NGINX_STICKY = {
  'nginx.ingress.kubernetes.io/affinity': 'cookie',
  'nginx.ingress.kubernetes.io/session-cookie-name': STICKY_COOKIE,
};

/** The API. The component's name is that of its Deployment, Service and Ingress. */
export class Api extends pulumi.ComponentResource {
  /** Name of the Deployment. */
  readonly deployment: pulumi.Output<string>;

  constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:api:Api', name, {}, opts);
    const { namespace, images, config, addresses, logins } = args;
    const { api, hpa, cluster } = config;
    const metadata = { namespace, name, labels: { ...labelsOf(name) } };
    const child = { parent: this };

    const workload = new Workload(
      name,
      {
        config,
        namespace,
        image: images.of('api'),
        environment: pulumi.output(addresses).apply((known) => ({
          ...apiEnvironment(config, known),
          API_DRAIN_DELAY_MS: String(drainDelayMs(cluster)),
        })),
        secretFiles: loginFiles(logins, 'api', ['redis', 'kafka', 'mongo', 'mysql']),
        callsAws: true,
        port: api.port,
        ...(api.exposure === 'nodePort' && { service: { nodePort: api.nodePort } }),
        ...(api.stickySessions && { serviceAnnotations: TRAEFIK_STICKY }),
        ...(!hpa.enabled && { replicas: api.replicas }),
        memoryMiB: api.memoryMiB,
        cpuMillis: api.cpuMillis,
        sysctls: podSysctls(cluster.sysctls),
      },
      child,
    );
    this.deployment = workload.deployment;

    // A budget on a single pod would block every drain of its node.
    if (minPodsOf(config) > 1)
      new k8s.policy.v1.PodDisruptionBudget(
        name,
        { metadata, spec: { maxUnavailable: '25%', selector: { matchLabels: { ...selectorOf(name) } } } },
        child,
      );

    if (api.exposure === 'ingress')
      hostIngress(
        name,
        {
          metadata: { ...metadata, annotations: api.stickySessions ? NGINX_STICKY : {} },
          host: api.host,
          config,
          health: '/readyz',
          sticky: api.stickySessions,
        },
        { ...child, dependsOn: workload },
      );
    this.registerOutputs({ deployment: this.deployment });
  }
}
