// Alertmanager: groups alerts and sends them to the webhook of the config.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../config/schema.ts';
import { ALERTMANAGER_PORT } from '../../monitoring/ports.ts';
import { alertmanagerConfig } from '../../monitoring/server-configs.ts';
import { memoryOf } from '../images/memory.ts';
import { officialImage } from '../images/official-images.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import type { SecretFile } from '../kubernetes/pod.ts';
import { serverProbes } from '../kubernetes/probes.ts';
import { filesMount, Server } from '../kubernetes/server.ts';

const USER_ID = 65_534;
const FILES = '/etc/alertmanager';

export interface AlertmanagerArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: Pick<StackConfig, 'monitoring' | 'images' | 'cluster'>;
}

/** Alertmanager on one pod: Service `alertmanager`, port 9093. */
export class Alertmanager extends pulumi.ComponentResource {
  constructor(name: string, args: AlertmanagerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:monitoring:Alertmanager', name, {}, opts);
    const { config, namespace } = args;
    const { alertWebhook } = config.monitoring;
    const child = { parent: this };

    const webhook =
      alertWebhook &&
      new k8s.core.v1.Secret(
        `${name}-webhook`,
        {
          metadata: { namespace, labels: { ...labelsOf(name) } },
          immutable: true,
          stringData: pulumi.secret({ url: alertWebhook }),
        },
        child,
      );
    const secretFiles: SecretFile[] = webhook
      ? [{ variable: 'WEBHOOK', secret: webhook.metadata.name, key: 'url' }]
      : [];
    const { address } = new Server(
      name,
      {
        namespace,
        port: ALERTMANAGER_PORT,
        files: {
          'alertmanager.yml': alertmanagerConfig(webhook ? '/run/secrets/breakwater/webhook/url' : undefined),
        },
        pod: {
          config,
          userId: USER_ID,
          containers: [
            {
              name: 'alertmanager',
              image: officialImage('alertmanager', config.images),
              args: [
                `--config.file=${FILES}/alertmanager.yml`,
                '--storage.path=/alertmanager',
                `--web.listen-address=:${ALERTMANAGER_PORT}`,
                // A single replica has no peers to gossip with.
                '--cluster.listen-address=',
              ],
              ports: [{ name: 'main', port: ALERTMANAGER_PORT }],
              ...memoryOf('alertmanager'),
              secretFiles,
              scratch: [{ path: '/alertmanager' }],
              mounts: [filesMount(FILES)],
              ...serverProbes('/-/ready', '/-/healthy'),
            },
          ],
        },
      },
      child,
    );
    this.registerOutputs({ address });
  }
}
