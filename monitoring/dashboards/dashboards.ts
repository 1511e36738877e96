// The dashboards of a stack, as the files that Grafana is provisioned with.
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { StackConfig } from '../../config/schema.ts';
import { kafkaSizeOf, thresholdsOf } from '../thresholds.ts';
import { api } from './api.ts';
import { consumer } from './consumer.ts';
import { kafka } from './kafka.ts';
import { overview } from './overview.ts';
import { redis } from './redis.ts';

/** The dashboards of a stack; Kafka's only where Kafka is the stack's own. */
export function dashboardsOf(config: StackConfig): readonly Dashboard[] {
  const kafkaSize = kafkaSizeOf(config);
  return [overview(thresholdsOf(config)), api, consumer, ...(kafkaSize === undefined ? [] : [kafka(kafkaSize)]), redis];
}

/** The same as files: `breakwater-overview.json` and so on. */
export const dashboardFiles = (config: StackConfig): Readonly<Record<string, string>> =>
  Object.fromEntries(dashboardsOf(config).map((each) => [`${each.uid}.json`, JSON.stringify(each)]));
