// The API in the cluster: its pods, how they are reached from outside, and how many may be down at once.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { labelsOf, selectorOf } from '../kubernetes/labels.ts';
import type { PodSysctl, SecretFile } from '../kubernetes/pod.ts';
import { Workload } from '../kubernetes/workload.ts';

/**
 * How long a pod that is told to stop serves on, milliseconds: until every node and the ingress have heard that it is leaving,
 * requests still come, and none is dropped. Node ports take about a second, Traefik up to two, the ingress of a cloud longer.
 */
export const DRAIN_DELAY_MS = 5_000;

const STICKY_COOKIE = 'breakwater';

/** Part of the stack config that the API's resources are made from. */
export type ApiConfig = Pick<StackConfig, 'api' | 'hpa' | 'cluster'>;

/** What the API needs. */
export interface ApiArgs {
  readonly namespace: pulumi.Input<string>;
  /** Image by digest. */
  readonly image: pulumi.Input<string>;
  /** `apiEnvironment` of the config. */
  readonly environment: Readonly<Record<string, string>>;
  readonly secretFiles: readonly SecretFile[];
  readonly config: ApiConfig;
  /** Kernel settings of its pods. */
  readonly sysctls: readonly PodSysctl[];
}

/** Pods that are always there: those of the config, or the fewest that the autoscaler keeps. */
export const fewestPods = ({ api, hpa }: Pick<ApiConfig, 'api' | 'hpa'>): number =>
  hpa.enabled ? hpa.minReplicas : api.replicas;

/** Traefik reads them from the Service. */
export const stickyService = (sticky: boolean): Readonly<Record<string, string>> | undefined =>
  sticky
    ? {
        'traefik.ingress.kubernetes.io/service.sticky.cookie': 'true',
        'traefik.ingress.kubernetes.io/service.sticky.cookie.name': STICKY_COOKIE,
        'traefik.ingress.kubernetes.io/service.sticky.cookie.httponly': 'true',
      }
    : undefined;

/** ingress-nginx reads them from the Ingress. */
export const stickyIngress = (sticky: boolean): Readonly<Record<string, string>> | undefined =>
  sticky
    ? {
        'nginx.ingress.kubernetes.io/affinity': 'cookie',
        'nginx.ingress.kubernetes.io/session-cookie-name': STICKY_COOKIE,
      }
    : undefined;

/** The API. The component's name is that of its Deployment, Service and Ingress. */
export class Api extends pulumi.ComponentResource {
  readonly workload: Workload;

  constructor(name: string, args: ApiArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:api:Api', name, {}, opts);
    const { namespace, config } = args;
    const { api, hpa, cluster } = config;
    const metadata = { namespace, name, labels: { ...labelsOf(name) } };
    const child = { parent: this };

    this.workload = new Workload(
      name,
      {
        namespace,
        image: args.image,
        environment: { ...args.environment, API_DRAIN_DELAY_MS: String(DRAIN_DELAY_MS) },
        secretFiles: args.secretFiles,
        port: api.port,
        ...(api.exposure === 'nodePort' && { service: { nodePort: api.nodePort } }),
        serviceAnnotations: stickyService(api.stickySessions),
        ...(!hpa.enabled && { replicas: api.replicas }),
        memoryMiB: api.memoryMiB,
        cpuMillis: api.cpuMillis,
        sysctls: args.sysctls,
      },
      child,
    );

    // A budget on a single pod would block every drain of its node.
    if (fewestPods(config) > 1)
      new k8s.policy.v1.PodDisruptionBudget(
        name,
        { metadata, spec: { maxUnavailable: '25%', selector: { matchLabels: { ...selectorOf(name) } } } },
        child,
      );

    if (api.exposure === 'ingress')
      new k8s.networking.v1.Ingress(
        name,
        {
          metadata: { ...metadata, annotations: { ...stickyIngress(api.stickySessions) } },
          spec: {
            ingressClassName: cluster.ingressClass,
            rules: [
              {
                host: api.host,
                http: {
                  paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { name: 'main' } } } }],
                },
              },
            ],
          },
        },
        { ...child, dependsOn: this.workload },
      );
    this.registerOutputs({});
  }
}
