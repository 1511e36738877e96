// The one shape of ingress that the stack has: a host name of its own, all of whose paths lead to
// one Service. And the address that users reach it by.
import * as k8s from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { NOT_WAITED_FOR } from './labels.ts';

/** What the ingress routes, and how. */
export interface HostIngressArgs {
  readonly metadata: k8s.types.input.meta.v1.ObjectMeta;
  /** Host name that it answers to. */
  readonly host: string;
  readonly cluster: Pick<StackConfig['cluster'], 'kind' | 'ingressClass'>;
}

/**
 * Routes a host to the port `main` of the Service with the ingress's name. With k3d, Pulumi waits
 * until Traefik serves it. Elsewhere it does not wait: many controllers never publish an address in
 * the ingress's status, and Pulumi would give up after ten minutes.
 */
export const hostIngress = (
  name: string,
  { metadata, host, cluster }: HostIngressArgs,
  opts: pulumi.CustomResourceOptions,
) =>
  new k8s.networking.v1.Ingress(
    name,
    {
      metadata: {
        ...metadata,
        name,
        annotations: { ...metadata.annotations, ...(cluster.kind === 'kubeconfig' && NOT_WAITED_FOR) },
      },
      spec: {
        ingressClassName: cluster.ingressClass,
        rules: [
          {
            host,
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { name: 'main' } } } }],
            },
          },
        ],
      },
    },
    opts,
  );

/**
 * Address of a page behind the ingress. With k3d, the ingress listens on a port of this machine;
 * elsewhere, and where something else provides HTTPS, the host name leads to it.
 */
export function hostUrl(host: string, { cluster, sso }: Pick<StackConfig, 'cluster' | 'sso'>): string {
  if (sso.https) return `https://${host}`;
  return cluster.kind === 'k3d' ? `http://${host}:${cluster.httpPort}` : `http://${host}`;
}
