// Apart from the adapter, which loads Kafka's client.

/** What survives on Kafka. */
export const KAFKA_DURABILITY =
  'Accepted means appended by all replicas in sync (acks=all, at least min.insync.replicas of them). A killed broker ' +
  'process loses nothing, not even alone: what it wrote is with the operating system. Kafka does not wait for the disk: a ' +
  'power loss of all replicas at once (with one replica: of that machine) may lose the last seconds.';
