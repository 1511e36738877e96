// npm run docs:runbook [-- NAME …]: makes each fault of the runbook in docs/operations.md on a loaded stack, checks that the page
// says what the runbook says, takes its picture (docs/images/fault-NAME.png) and prints what the runbook's queries answer.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { createLogger } from '../apps/shared/logger.ts';
import { connectRedis, redisReady } from '../apps/shared/redis.ts';
import type { Stack, StackOptions } from '../local/stack.ts';
import { DESKTOP, pictureOf, withBrowser, withLoadedStack } from './pictures.ts';
import { askPrometheus, prometheusData } from './prometheus.ts';

/** So long it is well before the fault, and so long the fault lasts before the picture, seconds. */
const BEFORE = 60;
const DURING = 60;
const USERS = { most: 40, at: () => 40 };

interface Fault {
  /** What is done to the stack. */
  readonly what: string;
  readonly options?: StackOptions;
  /** @returns how to undo it */
  readonly make: (stack: Stack) => Promise<() => unknown>;
  /** What the page says. */
  readonly says: RegExp;
  /** PromQL that leads to the cause. */
  readonly queries: readonly string[];
}

/** Sends a signal to the processes of these names. */
const signal = (stack: Stack, names: readonly string[], what: NodeJS.Signals) => {
  for (const name of names) stack.processes.get(name)!.kill(what);
};

/** Lets processes run for just `runMs` of each `everyMs`. */
function slowDown(stack: Stack, names: readonly string[], runMs: number, everyMs: number): () => void {
  let wake: NodeJS.Timeout | undefined;
  const stop = () => {
    signal(stack, names, 'SIGSTOP');
    wake = setTimeout(() => signal(stack, names, 'SIGCONT'), everyMs - runMs);
  };
  const timer = setInterval(stop, everyMs);
  return () => {
    clearInterval(timer);
    clearTimeout(wake);
    signal(stack, names, 'SIGCONT');
  };
}

const freeze =
  (...names: string[]) =>
  async (stack: Stack) => {
    signal(stack, names, 'SIGSTOP');
    return () => signal(stack, names, 'SIGCONT');
  };

/** Does something to Redis. @param make gives back how to undo it */
const inRedis =
  (make: (redis: ReturnType<typeof connectRedis>, stack: Stack) => Promise<() => Promise<unknown>>) =>
  async (stack: Stack): Promise<() => Promise<void>> => {
    const redis = connectRedis({ url: stack.redisUrl, name: 'runbook' }, createLogger('runbook', 'error'));
    await redisReady(redis);
    const undo = await make(redis, stack);
    return async () => {
      await undo();
      redis.disconnect();
    };
  };

const SHED = 'sum by (reason) (rate(breakwater_requests_shed_total[1m]))';
const LAG = 'max(breakwater_queue_lag_records)';
const STORED = 'sum(rate(breakwater_records_stored_total[1m]))';
const ACCEPTED = 'sum(rate(breakwater_records_accepted_total[1m]))';
const p95Of = (metric: string) => `histogram_quantile(0.95, sum by (le) (rate(${metric}_bucket[1m])))`;

const FAULTS: Readonly<Record<string, Fault>> = {
  'mongo-slow': {
    what: 'MongoDB runs 1 ms in 250',
    make: async (stack) => slowDown(stack, ['mongo'], 1, 250),
    says: /The lag grows|is stored more than/,
    queries: [
      LAG,
      ACCEPTED,
      STORED,
      p95Of('breakwater_store_duration_seconds'),
      'sum(rate(breakwater_limiter_wait_seconds_total[1m]))',
    ],
  },
  'redis-full': {
    what: "Redis' memory limit is lowered below what it holds for itself",
    make: inRedis(async (redis) => {
      const [, before] = (await redis.config('GET', 'maxmemory')) as string[];
      await redis.config('SET', 'maxmemory', '1mb');
      return () => redis.config('SET', 'maxmemory', before!);
    }),
    says: /no room left/,
    queries: [SHED, LAG, 'sum(rate(breakwater_cache_errors_total[1m]))'],
  },
  'broker-down': {
    what: 'two of three brokers are frozen',
    options: { queue: 'kafka', brokers: 3 },
    make: freeze('kafka-1', 'kafka-2'),
    says: /queue/,
    queries: [SHED, ACCEPTED, p95Of('breakwater_queue_accept_duration_seconds')],
  },
  'consumer-stuck': {
    what: 'the consumer is frozen',
    make: freeze('consumer-0'),
    says: /consumer does not answer/,
    queries: [LAG, STORED, 'up{job="consumer"}'],
  },
  'api-starved': {
    what: 'the API processes run 30 ms in two seconds',
    make: async (stack) => slowDown(stack, ['api-0', 'api-1'], 30, 2_000),
    says: /longer than|sheds/,
    queries: [
      p95Of('breakwater_http_request_duration_seconds'),
      p95Of('breakwater_queue_accept_duration_seconds'),
      p95Of('breakwater_cache_read_duration_seconds'),
      'max(breakwater_event_loop_delay_seconds)',
      'sum(breakwater_http_requests_waiting)',
    ],
  },
  'records-refused': {
    what: 'ten messages in the queue are no records',
    make: inRedis(async (redis, { config }) => {
      for (let i = 0; i < 10; i++) {
        await redis.set(`record:broken-${i}`, 'not a record');
        await redis.xadd(config.queue.name, '*', 'key', `record:broken-${i}`);
      }
      return async () => undefined; // the stack and its data go
    }),
    says: /Dead letters: 10/,
    queries: ['max(breakwater_queue_dead_letters)'],
  },
};

/** A query's answer, for a table. */
async function answerTo(url: string, query: string): Promise<string> {
  const samples = await askPrometheus(url, query);
  if (samples.length === 0) return 'none';
  return samples
    .map(({ metric, value: [, value] }) => {
      const label = metric.reason ?? metric.instance;
      return `${label === undefined ? '' : `${label}: `}${Number(Number(value).toPrecision(3))}`;
    })
    .join(', ');
}

/** Alerts that fire or are about to. */
async function alerts(url: string): Promise<string[]> {
  type Alert = { readonly labels: { readonly alertname: string }; readonly state: string };
  const { alerts } = await prometheusData<{ alerts: readonly Alert[] }>(url, '/api/v1/alerts');
  return [...new Set(alerts.map(({ labels, state }) => `${labels.alertname} (${state})`))];
}

async function show(browser: Browser, stack: Stack, name: string, fault: Fault): Promise<void> {
  const answers = () => Promise.all(fault.queries.map((query) => answerTo(stack.prometheusUrl!, query)));
  const page = await browser.newPage(DESKTOP);
  await page.goto(stack.consoleUrl!);
  await sleep(BEFORE * 1000);
  const before = await answers();
  const undo = await fault.make(stack);
  try {
    await sleep(DURING * 1000);
    const health = page.locator('#health');
    console.log(`page: ${(await health.locator('.words, .well').allTextContents()).join(' | ')}`);
    await page.screenshot({ path: pictureOf(`fault-${name}`) });
    const during = await answers();
    console.log('\n| query | before | during |\n| --- | --- | --- |');
    for (const [i, query] of fault.queries.entries()) console.log(`| \`${query}\` | ${before[i]} | ${during[i]} |`);
    console.log(`\nalerts: ${(await alerts(stack.prometheusUrl!)).join(', ') || 'none'}`);
    await health.getByText(fault.says).first().waitFor({ timeout: 10_000 });
  } finally {
    await undo();
    await page.close();
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in FAULTS));
if (unknown.length > 0) {
  console.error(`no such fault: ${unknown.join(', ')}; there are ${Object.keys(FAULTS).join(', ')}`);
  process.exitCode = 2;
} else
  await withBrowser(async (browser) => {
    for (const [name, fault] of Object.entries(FAULTS)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      console.log(`\n## ${name}: ${fault.what}`);
      const options = { monitoring: true, ...fault.options };
      await withLoadedStack(options, USERS, (stack) => show(browser, stack, name, fault));
    }
  });
