// The traces that records of the queue belong to. The queue carries them as text and knows nothing
// else of tracing.

/** Name of the header of a Kafka message, and of the HTTP header that it continues. */
export const TRACEPARENT = 'traceparent';

/** Length of a `traceparent` of version 00, the only one that there is. */
const TRACEPARENT_CHARS = 55;

/** The value of the header among those of a Kafka message. */
export function traceparentIn(headers: readonly (readonly [Buffer | null, Buffer | null])[]): string | undefined {
  for (const [name, value] of headers)
    if (value?.length === TRACEPARENT_CHARS && name?.toString() === TRACEPARENT) return value.toString('latin1');
  return undefined;
}
