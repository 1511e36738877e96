// Apart from the adapters, which load their clients.

/** What survives on Kafka. */
export const KAFKA_DURABILITY =
  'Accepted means appended by all replicas in sync (acks=all, at least min.insync.replicas of them). A killed broker ' +
  'process loses nothing, not even alone: what it wrote is with the operating system. Kafka does not wait for the disk: a ' +
  'power loss of all replicas at once (with one replica: of that machine) may lose the last seconds.';

/** What survives on SQS. */
export const SQS_DURABILITY =
  'Accepted means that SQS has the message in several availability zones: neither a killed process nor a power loss loses ' +
  'it. What is not stored when the retention of the queue ends, after 14 days at most, is lost. Dead letters are in Redis ' +
  'and survive what it survives.';
