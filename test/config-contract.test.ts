// What the stack config tells the apps is what the apps read: no variable that nobody reads, no value that is refused.
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { apiSettings } from '../apps/api/settings.ts';
import { readSettings as readConsoleSettings } from '../apps/console/settings.ts';
import { consumerSettings } from '../apps/consumer/settings.ts';
import { readSettings as readGateSettings } from '../apps/gate/settings.ts';
import { producerSettings } from '../apps/producer/settings.ts';
import { loadSettings } from '../apps/shared/settings.ts';
import { emptySettings, topicsSettings } from '../apps/topics/settings.ts';
import {
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
import { liveProblems } from '../monitoring/problems/problems.ts';

const root = join(import.meta.dirname, '..');
const listen = { host: '127.0.0.1', port: 0, metricsHost: '127.0.0.1', metricsPort: 0 };
const addresses = {
  kafkaBrokers: ['127.0.0.1:9092'],
  kafkaSaslMechanism: 'SCRAM-SHA-256' as const,
  kafkaTls: true,
  redisUrl: 'redis://127.0.0.1:6379',
  mongoUrl: 'mongodb://127.0.0.1:27018/breakwater',
  mongoUpstream: '127.0.0.1:27017',
  gateMetricsUrl: 'http://127.0.0.1:9464/metrics',
};

/** The variables that are for the app; NODE_OPTIONS is for Node. */
const forTheApp = ({ NODE_OPTIONS: _, ...environment }: Environment): string[] => Object.keys(environment);

describe.each(stackNames(root))('stack %s', (stack) => {
  const config = loadStackConfig(stack, root);

  test('the API reads every variable', () => {
    const environment = apiEnvironment(config, addresses, listen);
    expect(Object.keys(loadSettings(apiSettings, environment))).toEqual(expect.arrayContaining(forTheApp(environment)));
  });

  test('the consumer reads every variable', () => {
    const environment = consumerEnvironment(config, addresses, listen);
    expect(Object.keys(loadSettings(consumerSettings, environment))).toEqual(
      expect.arrayContaining(forTheApp(environment)),
    );
  });

  test('the console reads every variable', () => {
    const targets = { api: ['127.0.0.1:9464'], consumer: [], gate: ['127.0.0.1:9465'], producer: [] };
    const environment = consoleEnvironment(config, { stack, targets, problems: liveProblems(config) }, listen);
    expect(Object.keys(readConsoleSettings(environment))).toEqual(expect.arrayContaining(forTheApp(environment)));
  });

  test('the producer reads every variable', () => {
    const environment = producerEnvironment(config, addresses, listen);
    expect(Object.keys(loadSettings(producerSettings, environment))).toEqual(
      expect.arrayContaining(forTheApp(environment)),
    );
  });

  test('the topics job reads every variable, to bring topics and to empty brokers', () => {
    const bring = topicsEnvironment(config, addresses, config.kafka.brokers);
    expect(Object.keys(loadSettings(topicsSettings, bring))).toEqual(expect.arrayContaining(forTheApp(bring)));
    const empty = emptyEnvironment(3, addresses.kafkaBrokers);
    expect(Object.keys(loadSettings(emptySettings, empty))).toEqual(expect.arrayContaining(forTheApp(empty)));
  });

  test('the gate reads every variable', () => {
    const environment = gateEnvironment(config, addresses, listen);
    expect(Object.keys(readGateSettings(environment))).toEqual(expect.arrayContaining(forTheApp(environment)));
  });
});
