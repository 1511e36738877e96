// Config of the monitoring: what is kept and for how long, what users are promised, where the pages are.
import { z } from 'zod';
import { decimal, secretText, textOr, toggle, wholeNumber } from '../keys.ts';

const volume = (fallback: number, whose: string) =>
  wholeNumber({
    min: 1,
    max: 65_536,
    default: fallback,
    unit: 'GiB',
    description: `Size of the volume for ${whose}.`,
    change: 'Refused while the stack is up: a volume cannot shrink, and not every storage class can grow one.',
  });

const memory = (fallback: number, whose: string) =>
  wholeNumber({
    min: 64,
    max: 65_536,
    default: fallback,
    unit: 'MiB',
    description: `Memory of ${whose}.`,
    change: `Replaces the pod of ${whose}: nothing is collected for a moment. The history stays.`,
  });

const changesRules = 'Rolls Prometheus, so that it reads the new rules. The history stays.';
const changesRulesAndPictures = 'Rolls Prometheus and Grafana, which watch and show it. The history stays.';

/** `monitoring:*` */
export const monitoringSchema = z.object({
  enabled: toggle({
    default: true,
    description: 'Whether Prometheus, Grafana, Alertmanager and Loki run beside the stack.',
    change: 'Creates or deletes the monitoring stack; turned off, its history is deleted. No record is touched.',
  }),
  host: textOr('grafana.localhost', {
    pattern: /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/,
    allowed: 'a host name',
    description:
      'Host name under which the ingress shows Grafana. Browsers take names that end in `.localhost` for this machine.',
    change: 'Rolls Grafana, which must know its name, and the ingress answers to the new one only.',
  }),
  scrapeSeconds: wholeNumber({
    min: 1,
    max: 300,
    default: 5,
    unit: 's',
    description: 'How often Prometheus asks every target, also in the local run.',
    change: changesRulesAndPictures,
  }),
  retentionHours: wholeNumber({
    min: 6,
    max: 8_760,
    default: 72,
    unit: 'h',
    description: 'How long metrics are kept, less where the volume is full before. Alerts look back six hours.',
    change: 'Rolls Prometheus. Lowering it deletes what is older.',
  }),
  logRetentionHours: wholeNumber({
    min: 24,
    max: 8_760,
    default: 72,
    unit: 'h',
    description: 'How long logs are kept.',
    change: 'Rolls Loki. Lowering it deletes what is older.',
  }),
  volumeGiB: volume(4, 'metrics'),
  logVolumeGiB: volume(4, 'logs'),
  prometheusMemoryMiB: memory(512, 'Prometheus'),
  grafanaMemoryMiB: memory(256, 'Grafana'),
  lokiMemoryMiB: memory(256, 'Loki'),
  errorBudgetPercent: decimal({
    min: 0.01,
    max: 50,
    default: 1,
    unit: '% of requests',
    description: 'Requests that may fail. The alerts on errors tell how fast this budget is used up.',
    change: changesRulesAndPictures,
  }),
  latencyLimitMs: wholeNumber({
    min: 1,
    max: 10_000,
    default: 2_000,
    unit: 'ms',
    description: 'p95 latency that users are promised. Above it there is an alert, and the console reports it.',
    change: 'Rolls Prometheus, Grafana and the console, which watch and show it. Prometheus keeps its history.',
  }),
  docsUrl: textOr('docs', {
    pattern: /^(docs|https?:\/\/\S+[^/\s])$/,
    allowed: 'a web address without a slash at its end',
    description:
      "Where the folder `docs/` of this repository can be read: each alert links to its section of `operations.md` there. By default the repository's own path.",
    change: changesRules,
  }),
  alertWebhook: secretText({
    description:
      'Address to which Alertmanager posts alerts (a chat, a pager); it holds a token as a rule, hence the secret. Without it alerts are shown only.',
    change: 'Replaces the Alertmanager pod. Alerts that fire are told again.',
  }),
});
