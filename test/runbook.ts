// npm run docs:runbook [-- NAME …]: makes each fault of the runbook in docs/operations.md on a loaded stack, checks that the page
// says what the runbook says, takes its picture (docs/images/fault-NAME.png) and prints what the runbook's queries answer.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { createLogger } from '../apps/shared/logger.ts';
import { connectRedis, redisReady } from '../apps/shared/redis.ts';
import { type Stack, type StackOptions, startStack } from '../local/stack.ts';
import { findBrowser, launchBrowser, NO_BROWSER } from './browser.ts';

const IMAGES = join(import.meta.dirname, '..', 'docs', 'images');
/** So long it is well before the fault, and so long the fault lasts before the picture, seconds. */
const BEFORE = 60;
const DURING = 60;
const USERS = 40;
const THINK_MS = 100;

interface Fault {
  /** What is done to the stack. */
  readonly what: string;
  readonly options?: Partial<StackOptions>;
  /** @returns how to undo it */
  readonly make: (stack: Stack) => Promise<() => unknown>;
  /** What the page says; undefined: that all is well. */
  readonly says?: RegExp;
  /** PromQL that leads to the cause. */
  readonly queries: readonly string[];
}

/** Lets processes run for just `runMs` of each `everyMs`. */
function slowDown(stack: Stack, names: readonly string[], runMs: number, everyMs: number): () => void {
  const send = (signal: NodeJS.Signals) => {
    for (const name of names) stack.processes.get(name)!.kill(signal);
  };
  let wake: NodeJS.Timeout | undefined;
  const stop = () => {
    send('SIGSTOP');
    wake = setTimeout(() => send('SIGCONT'), everyMs - runMs);
  };
  const timer = setInterval(stop, everyMs);
  return () => {
    clearInterval(timer);
    clearTimeout(wake);
    send('SIGCONT');
  };
}

const freeze =
  (...names: string[]) =>
  async (stack: Stack) => {
    for (const name of names) stack.processes.get(name)!.kill('SIGSTOP');
    return () => {
      for (const name of names) stack.processes.get(name)!.kill('SIGCONT');
    };
  };

const P95 = 'histogram_quantile(0.95, sum by (le) (rate(breakwater_http_request_duration_seconds_bucket[1m])))';
const SHED = 'sum by (reason) (rate(breakwater_requests_shed_total[1m]))';
const LAG = 'max(breakwater_queue_lag_records)';
const STORED = 'sum(rate(breakwater_records_stored_total[1m]))';
const ACCEPTED = 'sum(rate(breakwater_records_accepted_total[1m]))';
const p95Of = (metric: string) => `histogram_quantile(0.95, sum by (le) (rate(${metric}_bucket[1m])))`;

const FAULTS: Readonly<Record<string, Fault>> = {
  'mongo-slow': {
    what: 'MongoDB runs 1 ms in 250',
    make: async (stack) => slowDown(stack, ['mongo'], 1, 250),
    says: /The lag grows|is stored later/,
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
    make: async (stack) => {
      const redis = connectRedis({ url: stack.redisUrl, name: 'runbook' }, createLogger('runbook', 'error'));
      await redisReady(redis);
      const [, before] = (await redis.config('GET', 'maxmemory')) as string[];
      await redis.config('SET', 'maxmemory', '1mb');
      return async () => {
        await redis.config('SET', 'maxmemory', before!);
        redis.disconnect();
      };
    },
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
      P95,
      p95Of('breakwater_queue_accept_duration_seconds'),
      p95Of('breakwater_cache_read_duration_seconds'),
      'max(breakwater_event_loop_delay_seconds)',
      'sum(breakwater_http_requests_waiting)',
    ],
  },
  'records-refused': {
    what: 'ten messages in the queue are no records',
    make: async (stack) => {
      const redis = connectRedis({ url: stack.redisUrl, name: 'runbook' }, createLogger('runbook', 'error'));
      await redisReady(redis);
      for (let i = 0; i < 10; i++) {
        await redis.set(`record:broken-${i}`, 'not a record');
        await redis.xadd(stack.config.queue.name, '*', 'key', `record:broken-${i}`);
      }
      return () => redis.disconnect();
    },
    says: /refused by MongoDB|dead letter/,
    queries: ['max(breakwater_queue_dead_letters)'],
  },
};

/** Users who ask and think, until stopped. */
function load(url: string): () => Promise<void> {
  let ended = false;
  const user = async (): Promise<void> => {
    while (!ended) {
      await fetch(`${url}/api/data`).then(
        (response) => response.text(),
        () => undefined,
      );
      await sleep(THINK_MS);
    }
  };
  const users = Promise.all(Array.from({ length: USERS }, user));
  return async () => {
    ended = true;
    await users;
  };
}

async function ask(stack: Stack, query: string): Promise<string> {
  const response = await fetch(`${stack.prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await response.json()) as {
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  const one = ({ metric, value }: (typeof data.result)[number]) => {
    const labels = Object.entries(metric).filter(([name]) => name === 'reason' || name === 'instance');
    return `${labels.map(([, label]) => `${label}: `).join('')}${Number(Number(value[1]).toPrecision(3))}`;
  };
  return data.result.length === 0 ? 'none' : data.result.map(one).join(', ');
}

const firing = async (stack: Stack): Promise<string[]> => {
  const response = await fetch(`${stack.prometheusUrl}/api/v1/alerts`);
  const { data } = (await response.json()) as { data: { alerts: { labels: { alertname: string }; state: string }[] } };
  return [...new Set(data.alerts.map(({ labels, state }) => `${labels.alertname} (${state})`))];
};

async function show(name: string, fault: Fault, browser: Browser): Promise<void> {
  console.log(`\n## ${name}: ${fault.what}`);
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-runbook-'));
  const stack = await startStack({
    queue: 'redis-streams',
    apiProcesses: 2,
    ports: 'free',
    monitoring: true,
    dataDir: folder,
    env: process.env,
    ...fault.options,
  });
  const stopLoad = load(stack.apiUrl);
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(stack.consoleUrl!);
    await sleep(BEFORE * 1000);
    const before = await Promise.all(fault.queries.map((query) => ask(stack, query)));
    const undo = await fault.make(stack);
    try {
      await sleep(DURING * 1000);
      const health = page.locator('#health');
      console.log(`page: ${(await health.locator('.words, .well').allTextContents()).join(' | ')}`);
      await page.screenshot({ path: join(IMAGES, `fault-${name}.png`) });
      const during = await Promise.all(fault.queries.map((query) => ask(stack, query)));
      console.log('\n| query | before | during |\n| --- | --- | --- |');
      for (const [i, query] of fault.queries.entries()) console.log(`| \`${query}\` | ${before[i]} | ${during[i]} |`);
      console.log(`\nalerts: ${(await firing(stack)).join(', ') || 'none'}`);
      if (fault.says) await health.getByText(fault.says).first().waitFor({ timeout: 10_000 });
    } finally {
      await undo();
    }
    await page.close();
  } finally {
    await stopLoad();
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

const executable = findBrowser(process.env);
if (executable === undefined) throw new Error(NO_BROWSER);
await mkdir(IMAGES, { recursive: true });
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in FAULTS));
if (unknown.length > 0)
  throw new Error(`no such fault: ${unknown.join(', ')}; there are ${Object.keys(FAULTS).join(', ')}`);
const browser = await launchBrowser(executable);
try {
  for (const [name, fault] of Object.entries(FAULTS))
    if (wanted.length === 0 || wanted.includes(name)) await show(name, fault, browser);
} finally {
  await browser.close();
}
