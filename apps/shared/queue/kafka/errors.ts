// What an error of the Kafka client means for records that were to be stored.
import { QueueOutcomeUnknownError, QueueRefusedError, QueueUnavailableError } from '../../errors.ts';

/** Answers by which a broker says that it did not append the batch. NOT_LEADER_OR_FOLLOWER is not one of them: it also ends the wait of a batch that was appended. */
const NOT_APPENDED = new Set([
  'CORRUPT_MESSAGE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'BROKER_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'INVALID_TOPIC_EXCEPTION',
  'NOT_ENOUGH_REPLICAS',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'INVALID_PRODUCER_EPOCH',
  'UNKNOWN_PRODUCER_ID',
  'POLICY_VIOLATION',
]);

/** Answers by which a broker says that it will never append this batch. */
const NEVER = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP']);

/** Errors that come up before a request leaves, by message: the client has no code for them. */
const NOT_SENT =
  /^(Connection to .* (failed|timed out)\.|Connection ready timed out|Connection closed while waiting for ready|Cannot get a connection|Client is closed|Client closed while retrying|Connection pool is closed|Unknown topic|SASL authentication failed|Cannot find a suitable SASL)/;

type Verdict = 'not stored' | 'unknown' | 'refused';

/** The single errors that an error of the client is made of: one for each attempt. */
export function leaves(error: unknown): Error[] {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(leaves);
  return [error as Error];
}

/** The name that Kafka's protocol gives to an error; undefined when it did not come from a broker. */
export const protocolName = (error: unknown): string | undefined => (error as { apiId?: string }).apiId;

/** True when any part of the error carries one of these protocol names. */
export const hasProtocolError = (error: unknown, ...names: string[]): boolean =>
  leaves(error).some((leaf) => names.includes(protocolName(leaf) ?? ''));

/** True when the topic does not exist (yet). */
export const isUnknownTopic = (error: unknown): boolean =>
  hasProtocolError(error, 'UNKNOWN_TOPIC_OR_PARTITION') ||
  leaves(error).some(({ message }) => message.startsWith('Unknown topic'));

/** Judges all attempts together: a single one whose outcome is unknown makes the whole unknown. */
export function verdictOf(error: unknown): Verdict {
  const verdicts = leaves(error).map((leaf): Verdict => {
    const name = protocolName(leaf);
    if (name !== undefined) return NEVER.has(name) ? 'refused' : NOT_APPENDED.has(name) ? 'not stored' : 'unknown';
    return NOT_SENT.test(leaf.message) ? 'not stored' : 'unknown';
  });
  if (verdicts.includes('unknown')) return 'unknown';
  return verdicts.includes('refused') ? 'refused' : 'not stored';
}

/** The error to throw for a failed send. */
export function classify(error: unknown, topic: string): Error {
  const options = { cause: error };
  const why = describe(error);
  switch (verdictOf(error)) {
    case 'refused':
      return new QueueRefusedError(`Kafka refuses these records in ${topic}: ${why}`, options);
    case 'not stored':
      return new QueueUnavailableError(
        `Kafka did not take the records into ${topic}: ${why}; try again later`,
        options,
      );
    case 'unknown':
      return new QueueOutcomeUnknownError(
        `Kafka did not confirm the records in ${topic}: ${why}; they may or may not be stored`,
        options,
      );
  }
}

/** The distinct messages of an error, in one line. */
export const describe = (error: unknown): string => [...new Set(leaves(error).map(textOf))].join(', ');

function textOf(error: Error): string {
  const own = protocolName(error) ?? error.message.replace(/\.$/, '');
  if (error.cause === undefined) return own;
  const [cause] = leaves(error.cause);
  return `${own} (${(cause as NodeJS.ErrnoException).code?.match(/^E[A-Z]+$/)?.[0] ?? textOf(cause!)})`;
}
