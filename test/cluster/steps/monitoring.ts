// The monitoring covers the stack: pods are scraped, no rule fails, no alert fires, logs arrive,
// and the dashboards' queries are answered.
import { LOKI_PORT, PROMETHEUS_PORT } from '../../../monitoring/ports.ts';
import { waitFor } from '../../../tooling/poll.ts';
import { queriesIn } from '../../dashboards.ts';
import { prometheusData } from '../../prometheus.ts';
import type { Context, Step } from '../context.ts';
import type { RunningStack } from '../running-stack.ts';

/** Seconds until a new pod has been scraped and its logs have arrived. */
const SEEN_WITHIN = 60;
/** Components with metrics. A stack need not have all of them. */
const SCRAPED = ['api', 'consumer', 'producer', 'gate', 'console', 'kafka'];
/** Apps that every stack has and that log when they start. */
const LOGGING = ['api', 'consumer'];

export const monitoring: Step = async (context) => {
  if (!context.pulumi.config.monitoring.enabled)
    return context.skip('the monitoring', 'monitoring:enabled is false in this run');
  const stack = await context.stack();
  await stack.withPort('service/prometheus', PROMETHEUS_PORT, (port) =>
    metrics(context, stack, `http://127.0.0.1:${port}`),
  );
  await stack.withPort('service/loki', LOKI_PORT, (port) => logs(context, `http://127.0.0.1:${port}`));
};

interface Targets {
  readonly activeTargets: readonly { readonly labels: { readonly instance: string }; readonly health: string }[];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

interface Rule {
  readonly name: string;
  readonly health: string;
  /** Alerts only. */
  readonly state?: string;
}

async function metrics(context: Context, stack: RunningStack, url: string): Promise<void> {
  const { check, signal } = context;
  const pods = (await Promise.all(SCRAPED.map((component) => stack.pods(component)))).flat();
  const missingTargets = async () => {
    const { activeTargets } = await prometheusData<Targets>(url, '/api/v1/targets');
    const scraped = new Set(activeTargets.map(({ labels }) => labels.instance));
    return [
      ...activeTargets.filter(({ health }) => health !== 'up').map(({ labels }) => labels.instance),
      ...pods.map(({ metadata }) => metadata.name).filter((pod) => !scraped.has(pod)),
    ];
  };
  await eventually(async () => (await missingTargets()).length === 0, signal);
  const missing = await missingTargets();
  check(
    'every pod is scraped, and every target is up',
    missing.length === 0,
    missing.join(', ') || `${pods.length} pods`,
  );

  const { groups } = await prometheusData<Rules>(url, '/api/v1/rules');
  const rules = groups.flatMap((group) => group.rules);
  const named = (which: (rule: Rule) => boolean) => rules.filter(which).map(({ name }) => name);
  const failing = named(({ health }) => health === 'err');
  check('no rule fails', rules.length > 0 && failing.length === 0, failing.join(', ') || `${rules.length} rules`);
  const firing = named(({ state }) => state === 'firing');
  check('no alert fires', firing.length === 0, firing.join(', ') || 'none');
  await dashboards(context, 'prometheus', `${url}/api/v1/query`);
}

async function logs(context: Context, url: string): Promise<void> {
  const { check, signal } = context;
  const logging = async () =>
    (await prometheusData<readonly string[] | undefined>(url, '/loki/api/v1/label/app/values')) ?? [];
  const arrived = async () => {
    const apps = await logging();
    return LOGGING.every((app) => apps.includes(app));
  };
  await eventually(arrived, signal);
  check("the apps' logs are in Loki", await arrived(), (await logging()).join(', ') || 'none');
  await dashboards(context, 'loki', `${url}/loki/api/v1/query_range`);
}

/** Asks what the panels of the dashboards ask. What has not happened yet has no data. */
async function dashboards({ check, pulumi }: Context, source: 'prometheus' | 'loki', api: string): Promise<void> {
  const queries = queriesIn(pulumi.config, source);
  const refused: string[] = [];
  const empty: string[] = [];
  for (const { where, expr } of queries) {
    try {
      const { result } = await prometheusData<{ result: readonly unknown[] }>(
        api,
        `?query=${encodeURIComponent(expr)}`,
      );
      if (result.length === 0) empty.push(where);
    } catch (error) {
      refused.push(`${where}: ${(error as Error).message}`);
    }
  }
  check(
    `${source} answers the dashboards' queries`,
    queries.length > 0 && refused.length === 0,
    refused.join('; ') || `${queries.length} queries; without data: ${[...new Set(empty)].join('; ') || 'none'}`,
  );
}

/** Waits up to the limit; the caller then checks the outcome. */
const eventually = (condition: () => Promise<boolean>, signal: AbortSignal) =>
  waitFor('the monitoring covers the stack', condition, { within: SEEN_WITHIN, signal }).catch(() =>
    signal.throwIfAborted(),
  );
