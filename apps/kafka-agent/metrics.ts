// The metrics of one broker. Only the leader of a partition reports it, and only the coordinator of
// a group, so that sums over all brokers count nothing twice.
import { Gauge, type Registry } from 'prom-client';
import type { Lag } from './lag.ts';
import { behind, freshVoters, notReady, type View } from './readiness.ts';
import type { Metadata, Offset } from './requests.ts';

/** The sources of the values, read at each scrape. */
export interface Readings {
  readonly broker: number;
  view(): View;
  /** End offsets of the partitions that the broker leads. */
  ends(metadata: Metadata): Promise<readonly Offset[]>;
  /** Lag of the groups that the broker coordinates. */
  lags(metadata: Metadata): Promise<readonly Lag[]>;
}

/** Registers the gauges of one broker. A value that cannot be read is absent rather than old. */
export function createAgentMetrics(registry: Registry, { broker, view, ends, lags }: Readings): void {
  const registers = [registry];
  const of = (name: string, help: string, read: (view: View) => number | undefined): void => {
    new Gauge({
      name: `breakwater_kafka_${name}`,
      help,
      registers,
      collect() {
        const value = read(view());
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  };
  const partitions =
    (count: (metadata: Metadata) => number) =>
    ({ own }: View) =>
      own && count(own);

  of('broker_ready', 'Whether the broker is registered and all of its replicas are in sync: 1 or 0', (seen) =>
    notReady(broker, seen).length === 0 ? 1 : 0,
  );
  of('brokers', 'Available brokers, as this one knows', ({ own }) => own?.brokers.length);
  of('voters', 'Controllers with a vote', ({ quorum }) => quorum?.voters.length);
  of(
    'voters_current',
    'Controllers that have caught up with their leader; a majority of all voters is needed',
    ({ quorum }) => quorum && freshVoters(quorum).length,
  );
  of(
    'replicas',
    'Replicas on the broker',
    partitions((metadata) => metadata.partitions.filter(({ replicas }) => replicas.includes(broker)).length),
  );
  of(
    'replicas_behind',
    'Replicas on the broker that are not in sync',
    partitions((metadata) => behind(broker, metadata).length),
  );
  of(
    'partitions_led',
    'Partitions that the broker leads',
    partitions((metadata) => metadata.partitions.filter(({ leader }) => leader === broker).length),
  );
  of(
    'partitions_under_replicated',
    'Partitions that the broker leads and that have a replica out of sync',
    partitions(
      (metadata) =>
        metadata.partitions.filter(({ leader, replicas, isr }) => leader === broker && isr.length < replicas.length)
          .length,
    ),
  );
  of(
    'partitions_offline',
    'Partitions without a leader, as this broker knows; they can be neither written nor read',
    partitions((metadata) => metadata.partitions.filter(({ leader }) => leader < 0).length),
  );

  new Gauge({
    name: 'breakwater_kafka_partition_end_offset',
    help: 'Records ever appended to the partition, reported by its leader',
    labelNames: ['topic', 'partition'],
    registers,
    async collect() {
      this.reset();
      const { own } = view();
      const found = own && (await ends(own).catch(() => []));
      for (const { topic, partition, offset } of found ?? []) this.set({ topic, partition }, offset);
    },
  });
  new Gauge({
    name: 'breakwater_kafka_group_lag_records',
    help: 'Records that the consumer group has not committed, reported by its coordinator',
    labelNames: ['group', 'topic', 'partition'],
    registers,
    async collect() {
      this.reset();
      const { own } = view();
      const found = own && (await lags(own).catch(() => []));
      for (const { group, topic, partition, records } of found ?? []) this.set({ group, topic, partition }, records);
    },
  });
}
