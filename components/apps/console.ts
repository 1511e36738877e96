// The console in the cluster: the live page behind the ingress, with a login of its own. It has no
// controls there. It needs no server's password and no Kubernetes API: it finds the pods of each
// app through DNS and reads their metrics.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { type ConsoleTargets, consoleEnvironment } from '../../config/environment.ts';
import type { StackConfig } from '../../config/schema.ts';
import { liveProblems } from '../../monitoring/problems/problems.ts';
import { hostIngress, hostUrl } from '../kubernetes/ingress.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import { apiNamespaceOf, hostOf } from '../kubernetes/namespaces.ts';
import { METRICS_PORT, Workload } from '../kubernetes/workload.ts';
import { type Part, partsOf } from '../stack/parts.ts';
import type { AppArgs } from './app.ts';

/** Where the pods of each app are: host names that resolve to the addresses of all of them. */
export function consoleTargetsOf(config: StackConfig): ConsoleTargets {
  const main = config.cluster.namespace;
  const parts = partsOf(config);
  const podsOf = (app: Part, namespace = main) =>
    parts.has(app) ? [`${hostOf(`${app}-pods`, namespace)}:${METRICS_PORT}`] : [];
  return {
    api: podsOf('api', apiNamespaceOf(main)),
    consumer: podsOf('consumer'),
    gate: podsOf('gate'),
    producer: podsOf('producer'),
  };
}

/** The console. The component's name is that of its Deployment, Service and Ingress. */
export class Console extends pulumi.ComponentResource {
  /** Address of the page. */
  readonly url: string;
  /** Password of the page, for the user `console:user`; a secret. Undefined with single sign-on. */
  readonly password?: pulumi.Output<string>;

  constructor(
    name: string,
    args: Pick<AppArgs, 'namespace' | 'images' | 'config'>,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super('breakwater:console:Console', name, {}, opts);
    const { namespace, images, config } = args;
    const { console } = config;
    const metadata = { namespace, labels: { ...labelsOf(name) } };
    const child = { parent: this };

    this.url = hostUrl(console.host, config);
    if (config.sso.issuer === undefined)
      this.password = pulumi.secret(
        console.password ?? new random.RandomPassword(`${name}-password`, { length: 24, special: false }, child).result,
      );
    // It has no fixed name: another password creates another Secret, and the pod rolls.
    const login =
      this.password &&
      new k8s.core.v1.Secret(
        `${name}-login`,
        { metadata, immutable: true, stringData: { password: this.password } },
        child,
      );

    const workload = new Workload(
      name,
      {
        config,
        namespace,
        image: images.of('console'),
        environment: consoleEnvironment(config, {
          stack: pulumi.getStack(),
          targets: consoleTargetsOf(config),
          problems: liveProblems(config),
        }),
        secretFiles: login && [{ variable: 'CONSOLE_PASSWORD', secret: login.metadata.name, key: 'password' }],
        port: console.port,
        // It answers to loopback addresses only.
        signOn: { config, url: this.url, port: console.port, passHost: false },
        // Each pod would keep five minutes of history of its own.
        replicas: 1,
        memoryMiB: console.memoryMiB,
        // Open pages reconnect immediately, so waiting for them would only delay the stop.
        terminationGraceSeconds: 10,
      },
      child,
    );

    hostIngress(name, { metadata, host: console.host, config, health: '/' }, { ...child, dependsOn: workload });
    this.registerOutputs({ url: this.url, password: this.password });
  }
}
