// SmallServer: a server of one pod that keeps nothing: its Deployment, its files as an immutable ConfigMap, its Service.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf, NOT_WAITED_FOR, selectorOf } from './labels.ts';
import { hardenedPod, type PodArgs } from './pod.ts';

/** The server's files, for a container's `mounts`. */
export const filesAt = (path: string) => ({ name: 'files', mountPath: path, readOnly: true });

export interface SmallServerArgs {
  readonly namespace: pulumi.Input<string>;
  /** The pod; its containers mount `filesAt`. */
  readonly pod: Omit<PodArgs, 'component' | 'volumes'>;
  /** Files by path, `provisioning/datasources/all.yaml`. @default none */
  readonly files?: Readonly<Record<string, string>>;
  /** Port of the Service, which leads to the container port `main`. @default no Service: nobody asks it but Prometheus */
  readonly port?: number;
}

/** Names in a ConfigMap have no slashes. */
const keyOf = (path: string): string => path.replaceAll('/', '__');

/** One pod, started anew when anything of it changes. The component's name is the Deployment's, the Service's and the pod's label. */
export class SmallServer extends pulumi.ComponentResource {
  readonly deployment: k8s.apps.v1.Deployment;

  constructor(name: string, args: SmallServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:SmallServer', name, {}, opts);
    const { namespace, files, port } = args;
    const labels = { ...labelsOf(name) };
    const metadata = { namespace, labels };
    const child = { parent: this };

    const configMap =
      files &&
      new k8s.core.v1.ConfigMap(
        `${name}-files`,
        {
          metadata,
          immutable: true,
          data: Object.fromEntries(Object.entries(files).map(([path, text]) => [keyOf(path), text])),
        },
        child,
      );
    const items = Object.keys(files ?? {}).map((path) => ({ key: keyOf(path), path }));
    this.deployment = new k8s.apps.v1.Deployment(
      name,
      {
        metadata: { ...metadata, name },
        spec: {
          replicas: 1,
          selector: { matchLabels: { ...selectorOf(name) } },
          // It keeps nothing, so the new one may start before the old one stops.
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          template: {
            metadata: { labels },
            spec: hardenedPod({
              ...args.pod,
              component: name,
              volumes: configMap ? [{ name: 'files', configMap: { name: configMap.metadata.name, items } }] : [],
            }),
          },
        },
      },
      child,
    );
    if (port !== undefined)
      new k8s.core.v1.Service(
        name,
        {
          metadata: { ...metadata, name, annotations: { ...NOT_WAITED_FOR } },
          spec: { selector: { ...selectorOf(name) }, ports: [{ name: 'main', port, targetPort: 'main' }] },
        },
        child,
      );
    this.registerOutputs({});
  }
}

/** Probes of a server that tells by HTTP whether it is ready and alive. */
export const httpProbes = (ready: string, alive: string) => {
  const ask = (path: string, periodSeconds: number, failureThreshold: number) => ({
    httpGet: { path, port: 'main' },
    periodSeconds,
    failureThreshold,
    timeoutSeconds: 5,
  });
  return {
    startupProbe: ask(alive, 2, 90),
    readinessProbe: ask(ready, 5, 3),
    livenessProbe: ask(alive, 15, 4),
  };
};
