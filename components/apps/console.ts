// The console in the cluster: the live page behind the ingress, with a login of its own. It has no controls there, and needs
// neither a server's password nor the Kubernetes API: it asks the metrics of every pod, found through DNS.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { ConsoleTargets } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import { apiNamespaceOf, hostOf } from '../kubernetes/namespaces.ts';
import { METRICS_PORT, Workload } from '../kubernetes/workload.ts';

/** Part of the stack config that the console's resources are made from. */
export type ConsoleConfig = Pick<StackConfig, 'console' | 'cluster' | 'mongo' | 'producer'>;

/** Where the pods of each app are: names that stand for the addresses of all of them, ready or not. */
export function consoleTargetsOf({ cluster, mongo, producer }: Omit<ConsoleConfig, 'console'>): ConsoleTargets {
  const podsOf = (component: string, namespace = cluster.namespace) => [
    `${hostOf(`${component}-pods`, namespace)}:${METRICS_PORT}`,
  ];
  return {
    api: podsOf('api', apiNamespaceOf(cluster.namespace)),
    consumer: podsOf('consumer'),
    gate: mongo.external === undefined ? podsOf('gate') : [],
    producer: producer.rate > 0 ? podsOf('producer') : [],
  };
}

/** Address of the page: on this machine (k3d), or wherever its name leads (kubeconfig). */
export const consoleUrlOf = ({ console, cluster }: Pick<ConsoleConfig, 'console' | 'cluster'>): string =>
  cluster.kind === 'k3d' ? `http://${console.host}:${cluster.httpPort}` : `http://${console.host}`;

/** Arguments of Console. */
export interface ConsoleArgs {
  readonly namespace: pulumi.Input<string>;
  /** Image by digest. */
  readonly image: pulumi.Input<string>;
  /** `consoleEnvironment` of the config and `consoleTargetsOf` it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly config: ConsoleConfig;
}

/** The console. The component's name is that of its Deployment, Service and Ingress. */
export class Console extends pulumi.ComponentResource {
  /** Address of the page. */
  readonly url: string;
  /** Password of the page, for `console:user`; a secret. */
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: ConsoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:console:Console', name, {}, opts);
    const { namespace, config } = args;
    const { console, cluster } = config;
    const metadata = { namespace, name, labels: { ...labelsOf(name) } };
    const child = { parent: this };

    this.url = consoleUrlOf(config);
    this.password = pulumi.secret(
      console.password ?? new random.RandomPassword(`${name}-password`, { length: 24, special: false }, child).result,
    );
    const login = new k8s.core.v1.Secret(
      `${name}-login`,
      {
        metadata: { namespace, labels: metadata.labels },
        // Named after its content: another password makes another Secret, and the pod rolls.
        immutable: true,
        stringData: { password: this.password },
      },
      child,
    );

    const workload = new Workload(
      name,
      {
        namespace,
        image: args.image,
        environment: args.environment,
        secretFiles: [{ variable: 'CONSOLE_PASSWORD', secret: login.metadata.name, key: 'password' }],
        port: console.port,
        // Each would keep five minutes of its own: one is enough.
        replicas: 1,
        memoryMiB: console.memoryMiB,
        // Open pages connect again at once; waiting for them would only hold up the end.
        terminationGraceSeconds: 10,
      },
      child,
    );

    new k8s.networking.v1.Ingress(
      name,
      {
        metadata,
        spec: {
          ingressClassName: cluster.ingressClass,
          rules: [
            {
              host: console.host,
              http: {
                paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { name: 'main' } } } }],
              },
            },
          ],
        },
      },
      { ...child, dependsOn: workload },
    );
    this.registerOutputs({});
  }
}
