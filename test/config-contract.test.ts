// What the stack config gives each app is what the app requires: no variable that no app reads,
// none that is missing, no value that is refused, and no default in the app.
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { apiSettings } from '../apps/api/settings.ts';
import { readSettings as readConsoleSettings } from '../apps/console/settings.ts';
import { consumerSettings } from '../apps/consumer/settings.ts';
import { readSettings as readGateSettings } from '../apps/gate/settings.ts';
import { agentSettings } from '../apps/kafka-agent/settings.ts';
import { MAX_RATE, MIN_RATE } from '../apps/producer/pacer.ts';
import { producerSettings } from '../apps/producer/settings.ts';
import { loadSettings } from '../apps/shared/settings.ts';
import { emptySettings, topicsSettings } from '../apps/topics/settings.ts';
import {
  agentEnvironment,
  apiEnvironment,
  consoleEnvironment,
  consumerEnvironment,
  type Environment,
  emptyEnvironment,
  gateEnvironment,
  producerEnvironment,
  topicsEnvironment,
} from '../config/environment.ts';
import { loadStackConfig, stackNames } from '../config/load.ts';
import { parseStackConfig } from '../config/parse.ts';
import type { StackConfig } from '../config/schema.ts';
import { liveProblems } from '../monitoring/problems/problems.ts';

const root = join(import.meta.dirname, '..');
const listen = { host: '127.0.0.1', port: 0, metricsHost: '127.0.0.1', metricsPort: 0 };
const addresses = {
  kafkaBrokers: ['127.0.0.1:9092'],
  kafkaSaslMechanism: 'SCRAM-SHA-256' as const,
  kafkaTls: true,
  sqs: { queueUrl: 'http://127.0.0.1:9324/1/posts', region: 'eu-west-1' },
  mysqlUrl: 'mysql://127.0.0.1:3306/breakwater',
  mysqlReaderUrl: 'mysql://127.0.0.1:3306/breakwater',
  redisUrl: 'redis://127.0.0.1:6379',
  mongoUrl: 'mongodb://127.0.0.1:27018/breakwater',
  mongoUpstream: '127.0.0.1:27017',
  gateMetricsUrl: 'http://127.0.0.1:9464/metrics',
};
const targets = { api: ['127.0.0.1:9464'], consumer: [], gate: ['127.0.0.1:9465'], producer: [] };

/**
 * An app's environment, what the app makes of it, and the variables whose absence has a meaning.
 */
interface App {
  readonly environment: (config: StackConfig) => Environment;
  readonly settings: (environment: Environment) => object;
  readonly optional: readonly string[];
}

const TARGETS = ['API_TARGETS', 'CONSUMER_TARGETS', 'GATE_TARGETS', 'PRODUCER_TARGETS'];

const apps: Readonly<Record<string, App>> = {
  api: {
    environment: (config) => apiEnvironment(config, addresses, listen),
    settings: (environment) => loadSettings(apiSettings, environment),
    optional: ['GATE_METRICS_URL'],
  },
  consumer: {
    environment: (config) => consumerEnvironment(config, addresses, listen),
    settings: (environment) => loadSettings(consumerSettings, environment),
    optional: [],
  },
  producer: {
    environment: (config) => producerEnvironment(config, addresses, listen),
    settings: (environment) => loadSettings(producerSettings, environment),
    optional: [],
  },
  gate: {
    environment: (config) => gateEnvironment(config, addresses, listen),
    settings: readGateSettings,
    optional: [],
  },
  console: {
    environment: (config) =>
      consoleEnvironment(config, { stack: 'dev', targets, problems: liveProblems(config) }, listen),
    settings: readConsoleSettings,
    optional: TARGETS,
  },
  topics: {
    environment: (config) => topicsEnvironment(config, addresses, config.kafka.brokers),
    settings: (environment) => loadSettings(topicsSettings, environment),
    optional: ['BROKER_COUNT'],
  },
  'topics --empty': {
    environment: () => emptyEnvironment(3, addresses.kafkaBrokers),
    settings: (environment) => loadSettings(emptySettings, environment),
    optional: [],
  },
  'kafka-agent': {
    // Kubernetes sets HOSTNAME to the pod's name.
    environment: () => ({
      HOSTNAME: 'kafka-0',
      ...agentEnvironment({ brokerPort: 9093, stopWaitSeconds: 30 }, listen),
    }),
    settings: (environment) => loadSettings(agentSettings, environment),
    optional: [],
  },
};

/** The variables that are for the app; the others are for Node and for the C library. */
const forTheApp = (environment: Environment): string[] =>
  Object.keys(environment).filter((name) => name !== 'NODE_OPTIONS' && !name.startsWith('MALLOC_'));

describe.each(stackNames(root))('stack %s', (stack) => {
  const config = loadStackConfig(stack, root);

  test.each(Object.entries(apps))(
    '%s reads every variable and accepts its value',
    (_app, { environment, settings }) => {
      const given = environment(config);
      expect(Object.keys(settings(given))).toEqual(expect.arrayContaining(forTheApp(given)));
    },
  );
});

describe.each(Object.entries(apps))('%s has no defaults', (_app, { environment, settings, optional }) => {
  const given = environment(parseStackConfig({}));
  test.each(forTheApp(given).filter((name) => !optional.includes(name)))('%s is required', (name) => {
    const { [name]: _, ...without } = given;
    expect(() => settings(without)).toThrow(new RegExp(`^Bad settings:\\n  ${name}: is required[^\\n]*$`));
  });
});

test("the producer's limits, which also hold for its live rate, are those of the schema", () => {
  const rate = (value: number) => parseStackConfig({ 'producer:rate': value }).producer.rate;
  expect([rate(0), rate(MIN_RATE), rate(MAX_RATE)]).toEqual([0, MIN_RATE, MAX_RATE]);
  expect(() => rate(MIN_RATE * 0.99)).toThrow('producer:rate');
  expect(() => rate(MAX_RATE + 1)).toThrow('producer:rate');
});
