// Grafana: dashboards that are provisioned from code, behind a login. It stores nothing of its own.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import type { StackConfig } from '../../config/schema.ts';
import { GRAFANA_PORT } from '../../monitoring/ports.ts';
import { GRAFANA_SIGN_ON, grafanaEnvironment, grafanaFiles } from '../../monitoring/server-configs.ts';
import { memoryOf } from '../images/memory.ts';
import { officialImage } from '../images/official-images.ts';
import { hostIngress, hostUrl } from '../kubernetes/ingress.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import { serverProbes } from '../kubernetes/probes.ts';
import { filesMount, Server } from '../kubernetes/server.ts';

/** The user `grafana` of the official image. */
const USER_ID = 472;
const FILES = '/etc/breakwater';

export interface GrafanaArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
}

/** Grafana on one pod, behind the ingress: Service `grafana`, port 3000. */
export class Grafana extends pulumi.ComponentResource {
  readonly url: string;
  /** Password of the user `admin`; a secret. */
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: GrafanaArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Grafana', name, {}, opts);
    const { namespace, config } = args;
    const { monitoring } = config;
    const labels = { ...labelsOf(name) };
    const child = { parent: this };

    this.url = hostUrl(monitoring.host, config);
    this.password = new random.RandomPassword(`${name}-password`, { length: 24, special: false }, child).result;
    const login = new k8s.core.v1.Secret(
      `${name}-login`,
      {
        metadata: { namespace, labels },
        immutable: true,
        stringData: pulumi.secret({ password: this.password }),
      },
      child,
    );
    const server = new Server(
      name,
      {
        namespace,
        port: GRAFANA_PORT,
        signOn: { config, url: this.url, port: GRAFANA_PORT },
        files: grafanaFiles(config, FILES),
        pod: {
          config,
          userId: USER_ID,
          containers: [
            {
              name: 'grafana',
              image: officialImage('grafana', config.images),
              environment: {
                ...grafanaEnvironment(this.url, FILES),
                ...(config.sso.issuer !== undefined && GRAFANA_SIGN_ON),
              },
              // Grafana reads `<setting>__FILE`.
              secretFiles: [{ variable: 'GF_SECURITY_ADMIN_PASSWORD_', secret: login.metadata.name, key: 'password' }],
              ports: [{ name: 'main', port: GRAFANA_PORT }],
              ...memoryOf('grafana', monitoring.grafanaMemoryMiB),
              cpuMillis: 20,
              scratch: [{ path: '/var/lib/grafana', sizeMiB: 256 }],
              mounts: [filesMount(FILES)],
              ...serverProbes('/api/health', '/api/health'),
            },
          ],
        },
      },
      child,
    );
    hostIngress(
      name,
      { metadata: { namespace, labels }, host: monitoring.host, config, health: '/api/health' },
      { ...child, dependsOn: server },
    );
    this.registerOutputs({ url: this.url, password: this.password });
  }
}
