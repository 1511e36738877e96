// The one shape of ingress that the stack has: a host name of its own, all of whose paths lead to
// one Service. And the address that users reach it by.
import * as k8s from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { NOT_WAITED_FOR } from './labels.ts';
import { startTimeouts } from './start-time.ts';

/** What the ingress routes, and how. */
export interface HostIngressArgs {
  readonly metadata: k8s.types.input.meta.v1.ObjectMeta;
  /** Host name that it answers to. */
  readonly host: string;
  readonly config: Pick<StackConfig, 'cluster' | 'aws'>;
  /** Path that the load balancer of AWS asks whether a pod is healthy. */
  readonly health: string;
  /** Whether the load balancer of AWS keeps a client on one pod, by a cookie. @default false */
  readonly sticky?: boolean;
}

/** How long a client stays on its pod, seconds: a session of a browser. */
const STICKY_SECONDS = 3_600;

/**
 * Annotations that the AWS Load Balancer Controller reads: one load balancer for all hosts of the
 * stack, which sends requests to the pods themselves.
 */
function albAnnotations({ config, health, sticky = false }: HostIngressArgs): Readonly<Record<string, string>> {
  const { certificate } = config.aws;
  const target = {
    // As long as the API keeps serving after it was told to stop.
    'deregistration_delay.timeout_seconds': '20',
    ...(sticky && {
      'stickiness.enabled': 'true',
      'stickiness.type': 'lb_cookie',
      'stickiness.lb_cookie.duration_seconds': String(STICKY_SECONDS),
    }),
  };
  const annotations = {
    'group.name': config.cluster.namespace,
    scheme: 'internet-facing',
    'target-type': 'ip',
    'healthcheck-path': health,
    // 302, 401: it is up, and wants a login.
    'success-codes': '200,302,401',
    'target-group-attributes': Object.entries(target)
      .map((pair) => pair.join('='))
      .join(','),
    'load-balancer-attributes': 'routing.http.drop_invalid_header_fields.enabled=true',
    ...(certificate === undefined
      ? { 'listen-ports': '[{"HTTP":80}]' }
      : { 'listen-ports': '[{"HTTP":80},{"HTTPS":443}]', 'certificate-arn': certificate, 'ssl-redirect': '443' }),
  };
  return Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [`alb.ingress.kubernetes.io/${name}`, value]),
  );
}

/**
 * Routes a host to the port `main` of the Service with the ingress's name. With k3d, Pulumi waits
 * until Traefik serves it, whose image may be the last that a slow line brings. Elsewhere it does not
 * wait: many controllers never publish an address in the ingress's status.
 */
export const hostIngress = (name: string, args: HostIngressArgs, opts: pulumi.CustomResourceOptions) =>
  new k8s.networking.v1.Ingress(
    name,
    {
      metadata: {
        ...args.metadata,
        name,
        annotations: {
          ...args.metadata.annotations,
          ...(args.config.cluster.kind !== 'k3d' && NOT_WAITED_FOR),
          ...(args.config.cluster.kind === 'eks' && albAnnotations(args)),
        },
      },
      spec: {
        ingressClassName: args.config.cluster.ingressClass,
        rules: [
          {
            host: args.host,
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { name: 'main' } } } }],
            },
          },
        ],
      },
    },
    { ...opts, customTimeouts: startTimeouts },
  );

/**
 * Address of a page behind the ingress. With k3d, the ingress listens on a port of this machine;
 * elsewhere, and where something else provides HTTPS, the host name leads to it.
 */
export function hostUrl(host: string, { cluster, sso, aws }: Pick<StackConfig, 'cluster' | 'sso' | 'aws'>): string {
  if (sso.https || aws.certificate !== undefined) return `https://${host}`;
  return cluster.kind === 'k3d' ? `http://${host}:${cluster.httpPort}` : `http://${host}`;
}
