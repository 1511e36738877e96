// Kafka's own health, as the agents beside the brokers tell it.
import type { KafkaSize } from '../kafka-size.ts';
import type { RuleGroup } from './rule.ts';

/** The most that any broker knows of; 0 where none tells. */
const most = (metric: string): string => `(max(${metric}) or vector(0))`;

export const kafkaRules = ({ brokers, voters }: KafkaSize): RuleGroup => ({
  name: 'kafka',
  rules: [
    {
      alert: 'KafkaPartitionsOffline',
      severity: 'critical',
      expr: 'max(breakwater_kafka_partitions_offline) > 0',
      for: '1m',
      meaning:
        'Records in these partitions are not stored until they are back; writes go to the other partitions, if there are any.',
      seen: '{{ $value }} partitions have no leader.',
    },
    {
      alert: 'KafkaUnderReplicated',
      severity: 'warning',
      expr: 'sum(breakwater_kafka_partitions_under_replicated) > 0',
      for: '5m',
      meaning: 'Users notice nothing yet; one more failure may stop writes.',
      seen: '{{ $value }} partitions have fewer copies in sync than they should.',
    },
    {
      alert: 'KafkaBrokerMissing',
      severity: 'warning',
      expr: `${most('breakwater_kafka_brokers')} < ${brokers}`,
      for: '3m',
      meaning: 'Users notice nothing while enough others are there; the failure after this one may stop writes.',
      seen: `{{ $value }} of ${brokers} brokers are there.`,
    },
    {
      alert: 'KafkaQuorumShort',
      severity: 'critical',
      expr: `${most('breakwater_kafka_voters_current')} < ${voters}`,
      for: '3m',
      meaning: 'Below a majority of controllers no partition gets a new leader: writes stop with the next failure.',
      seen: `{{ $value }} of ${voters} controllers keep up with their leader.`,
    },
  ],
});
