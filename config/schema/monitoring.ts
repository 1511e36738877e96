// Config of what shows how the stack is doing: logs, the console, and the monitoring.
import { z } from 'zod';
import { decimal, HOST_NAME, oneOf, secretText, textOr, toggle, volumeGiB, wholeNumber } from '../keys.ts';

/** `logging:*` */
export const loggingSchema = z.object({
  level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'Least severe level that the apps log.',
    change: 'Rolls the pods of all apps. Data stays.',
  }),
});

const rollsConsole = 'Rolls the console pod: open pages reconnect. Data stays.';

/** `console:*` */
export const consoleSchema = z.object({
  enabled: toggle({
    default: true,
    description: 'Whether the console, a live page, runs in the cluster and in the local run.',
    change: 'Creates or deletes the console. No data is touched.',
  }),
  port: wholeNumber({
    min: 1,
    max: 65_535,
    default: 8088,
    description: 'Port of the page, in its pod and in the local run.',
    change: rollsConsole,
  }),
  host: textOr('console.localhost', {
    ...HOST_NAME,
    description:
      'Host name under which the ingress serves the page. Browsers resolve names that end in `.localhost` to this machine.',
    change: 'In place: the ingress answers to the new name only.',
  }),
  user: textOr('viewer', {
    pattern: /^[^:\s]+$/,
    allowed: 'a user name without a colon',
    description:
      'User name for the page in a cluster. In the local run, the page is reachable from this machine only and requires no login.',
    change: rollsConsole,
  }),
  password: secretText({
    description:
      'Password for the page in a cluster. Without it, one is generated: `pulumi stack output consolePassword --show-secrets`.',
    change: `${rollsConsole} The old password stops working at once.`,
  }),
  memoryMiB: wholeNumber({
    min: 96,
    max: 4_096,
    default: 160,
    unit: 'MiB',
    description: 'Memory limit of the console pod. 55 % of it is heap.',
    change: rollsConsole,
  }),
});

const memory = (fallback: number, server: string) =>
  wholeNumber({
    min: 64,
    max: 65_536,
    default: fallback,
    unit: 'MiB',
    description: `Memory limit of ${server}.`,
    change: `Replaces the pod of ${server}, which is unavailable for a moment. The history stays.`,
  });

const changesRules = 'Rolls Prometheus, so that it reads the new rules. The history stays.';
const changesRulesAndDashboards = 'Rolls Prometheus and Grafana, which watch and show it. The history stays.';

/** `monitoring:*` */
export const monitoringSchema = z.object({
  enabled: toggle({
    default: true,
    description: 'Whether Prometheus, Grafana, Alertmanager and Loki run in the cluster.',
    change: 'Creates or deletes the monitoring. When it is turned off, its history is deleted. No record is touched.',
  }),
  host: textOr('grafana.localhost', {
    ...HOST_NAME,
    description:
      'Host name under which the ingress serves Grafana. Browsers resolve names that end in `.localhost` to this machine.',
    change: 'Rolls Grafana, which must know its name. The ingress answers to the new name only.',
  }),
  scrapeSeconds: wholeNumber({
    min: 1,
    max: 300,
    default: 5,
    unit: 's',
    description: 'How often Prometheus scrapes each target, also in the local run.',
    change: changesRulesAndDashboards,
  }),
  retentionHours: wholeNumber({
    min: 6, // alerts look back this far
    max: 8_760,
    default: 72,
    unit: 'h',
    description: 'How long metrics are kept, unless the volume is full before. Alerts look back six hours.',
    change: 'Rolls Prometheus. Lowering it deletes older metrics.',
  }),
  logRetentionHours: wholeNumber({
    min: 24,
    max: 8_760,
    default: 72,
    unit: 'h',
    description: 'How long logs are kept.',
    change: 'Rolls Loki. Lowering it deletes older logs.',
  }),
  volumeGiB: volumeGiB(4, 'the volume for metrics'),
  logVolumeGiB: volumeGiB(4, 'the volume for logs'),
  prometheusMemoryMiB: memory(512, 'Prometheus'),
  grafanaMemoryMiB: memory(512, 'Grafana'),
  lokiMemoryMiB: memory(256, 'Loki'),
  errorBudgetPercent: decimal({
    min: 0.01,
    max: 50,
    default: 1,
    unit: '% of requests',
    description: 'Share of requests that may fail. The alerts on errors say how fast this budget is used up.',
    change: changesRulesAndDashboards,
  }),
  latencyLimitMs: wholeNumber({
    min: 1,
    max: 10_000,
    default: 2_000,
    unit: 'ms',
    description: 'p95 latency of the API above which an alert fires and the console reports a problem.',
    change: 'Rolls Prometheus, Grafana and the console, which watch and show it. Prometheus keeps its history.',
  }),
  docsUrl: textOr('docs', {
    pattern: /^(docs|https?:\/\/\S+[^/\s])$/,
    allowed: 'a web address without a slash at its end',
    description:
      "Where the folder `docs/` of this repository is published. Each alert links to its section of `operations.md` there. The default is the repository's own path.",
    change: changesRules,
  }),
  alertWebhook: secretText({
    description:
      'Address to which Alertmanager posts alerts (a chat, a pager). It is a secret because it usually contains a token. Without it, alerts are only shown.',
    change: 'Replaces the Alertmanager pod. Firing alerts are sent again.',
  }),
});
