// The rules of a stack: the same in a cluster and in the local run, less what there is nothing to tell of.
import type { StackConfig } from '../../config/schema.ts';
import { kafkaSizeOf } from '../kafka-size.ts';
import { kafkaRules } from './kafka.ts';
import { mongoRules } from './mongo.ts';
import { diskRules, targetRules } from './platform.ts';
import { queueRules } from './queue.ts';
import { redisRules } from './redis.ts';
import { requestRules } from './requests.ts';
import { type Alert, isAlert, type RuleGroup, rulesYaml } from './rule.ts';

/** Where the stack runs: only a cluster has kubelets and agents beside the brokers. */
export type Place = 'cluster' | 'local';

/** The rule groups of a stack. */
export function ruleGroups(config: StackConfig, place: Place): readonly RuleGroup[] {
  const { monitoring, mongo } = config;
  const goals = {
    errorBudget: monitoring.errorBudgetPercent / 100,
    latencyLimitSeconds: monitoring.latencyLimitMs / 1000,
  };
  const gate = mongo.external === undefined;
  const kafka = place === 'cluster' ? kafkaSizeOf(config) : undefined;
  return [
    requestRules(goals),
    queueRules,
    ...(gate ? [mongoRules] : []),
    redisRules,
    targetRules(gate),
    ...(kafka === undefined ? [] : [kafkaRules(kafka)]),
    ...(place === 'cluster' ? [diskRules] : []),
  ];
}

/** The text of the stack's rule file. */
export const ruleFile = (config: StackConfig, place: Place): string =>
  rulesYaml(ruleGroups(config, place), config.monitoring.docsUrl);

/** Every alert of a stack. */
export const alertsOf = (config: StackConfig, place: Place): readonly Alert[] =>
  ruleGroups(config, place).flatMap(({ rules }) => rules.filter(isAlert));
