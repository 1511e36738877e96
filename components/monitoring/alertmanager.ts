// Alertmanager: groups alerts and tells them to the one address that the config names.
import * as k8s from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { stringify } from 'yaml';
import type { StackConfig } from '../../config/schema.ts';
import { officialImage } from '../images/official-images.ts';
import { labelsOf } from '../kubernetes/labels.ts';
import type { SecretFile } from '../kubernetes/pod.ts';
import { serverProbes } from '../kubernetes/probes.ts';
import { filesMount, Server } from '../kubernetes/server.ts';
import { ALERTMANAGER_PORT } from './ports.ts';

const USER_ID = 65_534;
const FILES = '/etc/alertmanager';

/**
 * Where alerts go. Those of one kind are told together; what is critical is told again sooner.
 * @param webhookFile file with the address; undefined: alerts are shown, and told to nobody
 */
export const alertmanagerConfig = (webhookFile: string | undefined): string =>
  stringify({
    route: {
      receiver: 'everybody',
      group_by: ['alertname'],
      group_wait: '10s',
      group_interval: '1m',
      repeat_interval: '12h',
      routes: [{ matchers: ['severity="critical"'], receiver: 'everybody', repeat_interval: '1h' }],
    },
    // Where everything is down, what follows from it need not be told as well.
    inhibit_rules: [
      { source_matchers: ['alertname="ApiMissing"'], target_matchers: ['alertname="TargetDown"', 'job="api"'] },
      { source_matchers: ['alertname="GateMissing"'], target_matchers: ['alertname="TargetDown"', 'job="gate"'] },
      { source_matchers: ['alertname="ErrorBudgetBurnFast"'], target_matchers: ['alertname="ErrorBudgetBurnSlow"'] },
    ],
    receivers: [
      {
        name: 'everybody',
        ...(webhookFile !== undefined && { webhook_configs: [{ url_file: webhookFile, send_resolved: true }] }),
      },
    ],
  });

export interface AlertmanagerArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: Pick<StackConfig, 'monitoring' | 'images'>;
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
          userId: USER_ID,
          containers: [
            {
              name: 'alertmanager',
              image: officialImage('alertmanager', config.images),
              args: [
                `--config.file=${FILES}/alertmanager.yml`,
                '--storage.path=/alertmanager',
                `--web.listen-address=:${ALERTMANAGER_PORT}`,
                // One of it needs nobody to gossip with.
                '--cluster.listen-address=',
              ],
              ports: [{ name: 'main', port: ALERTMANAGER_PORT }],
              memoryMiB: 64,
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
