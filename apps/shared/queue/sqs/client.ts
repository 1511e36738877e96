// The calls to SQS that the queue consists of. Each is tried once, with a time limit: what a
// failure means for the records is decided here, not in the SDK.
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { classify } from './errors.ts';

export interface SqsAddress {
  readonly queueUrl: string;
  readonly region: string;
  /** Of an emulator, `http://host:port`. Default: that of the region. */
  readonly endpoint?: string | undefined;
}

/** A message that was received. */
export interface Incoming {
  readonly id: string;
  /** Of this delivery: acknowledging needs the latest. */
  readonly handle: string;
  readonly body: string;
  /** Undefined in a message that is not one of ours. */
  readonly group: Buffer | undefined;
  /** When SQS got it, milliseconds since 1970. */
  readonly sentAt: number;
  readonly redelivered: boolean;
}

export interface SqsState {
  /** Messages, visible or not; right within a minute. */
  readonly messages: number;
  /** After so long SQS deletes a message, milliseconds. */
  readonly retentionMs: number;
  /** Of a message, at most. */
  readonly messageBytes: number;
  /** The queue has a redrive policy: SQS moves what was delivered too often to another queue. */
  readonly redrives: boolean;
}

/** Most messages that are received, hidden or deleted by one call. */
export const BATCH = 10;
/**
 * SQS' limit on a message, bytes, including the names and types of its attributes. A queue may
 * allow less.
 */
const MESSAGE_BYTES = 1_048_576;
/**
 * What a message of ours has besides the group and traces: its body, and the attribute's name and
 * type.
 */
export const MESSAGE_OVERHEAD = 64;

const GROUP = 'group';
const CALL_MS = 2_000;
/**
 * How long a receive waits for messages, seconds, and so how long a reader takes to close: it waits
 * for the last receive, because SQS would hide what it still sends to a client that is gone.
 */
const WAIT_SECONDS = 1;
/** 14 days. */
const LONGEST_RETENTION_SECONDS = 1_209_600;

export class SqsCalls {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor({ queueUrl, region, endpoint }: SqsAddress) {
    this.#queueUrl = queueUrl;
    this.#client = new SQSClient({
      region,
      ...(endpoint !== undefined && { endpoint }),
      maxAttempts: 1,
      requestHandler: { connectionTimeout: CALL_MS },
    });
  }

  /**
   * Sends a message. Alone: full as it is, it costs no more than in a batch, and a batch may
   * succeed in part.
   * @throws as QueueWriter.accept does
   */
  async send(body: string, group: Buffer): Promise<void> {
    const command = new SendMessageCommand({
      QueueUrl: this.#queueUrl,
      MessageBody: body,
      MessageAttributes: { [GROUP]: { DataType: 'Binary', BinaryValue: group } },
    });
    await this.#client.send(command, within(CALL_MS)).catch((error) => {
      throw classify(error);
    });
  }

  /** Waits for messages. @param count at most that many, up to BATCH */
  async receive(count: number, visibilitySeconds: number): Promise<Incoming[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: count,
      VisibilityTimeout: visibilitySeconds,
      WaitTimeSeconds: WAIT_SECONDS,
      MessageAttributeNames: [GROUP],
      MessageSystemAttributeNames: ['SentTimestamp', 'ApproximateReceiveCount'],
    });
    const { Messages = [] } = await this.#client.send(command, within(WAIT_SECONDS * 1_000 + CALL_MS));
    return Messages.map(({ MessageId, ReceiptHandle, Body = '', MessageAttributes, Attributes }) => {
      const value = MessageAttributes?.[GROUP]?.BinaryValue;
      return {
        id: MessageId!,
        handle: ReceiptHandle!,
        body: Body,
        group: value && Buffer.from(value.buffer, value.byteOffset, value.byteLength),
        sentAt: Number(Attributes?.SentTimestamp),
        redelivered: Number(Attributes?.ApproximateReceiveCount ?? 1) > 1,
      };
    });
  }

  /** Deletes messages for good. @returns the handles of those that are still there */
  delete(handles: readonly string[]): Promise<string[]> {
    return this.#each(handles, (Entries) => new DeleteMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries }));
  }

  /**
   * Hides messages from other consumers for so long from now on; 0 gives them back.
   * @returns the handles of those for which that failed
   */
  hide(handles: readonly string[], seconds: number): Promise<string[]> {
    return this.#each(handles, (entries) => {
      const Entries = entries.map((entry) => ({ ...entry, VisibilityTimeout: seconds }));
      return new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.#queueUrl, Entries });
    });
  }

  /** @throws as QueueWriter.accept does */
  async state(): Promise<SqsState> {
    const command = new GetQueueAttributesCommand({ QueueUrl: this.#queueUrl, AttributeNames: ['All'] });
    const { Attributes = {} } = await this.#client.send(command, within(CALL_MS)).catch((error) => {
      throw classify(error);
    });
    const count = (name: keyof typeof Attributes) => Number(Attributes[name] ?? 0);
    return {
      messages:
        count('ApproximateNumberOfMessages') +
        count('ApproximateNumberOfMessagesNotVisible') +
        count('ApproximateNumberOfMessagesDelayed'),
      // ElasticMQ does not say: it keeps messages for ever.
      retentionMs: (count('MessageRetentionPeriod') || LONGEST_RETENTION_SECONDS) * 1_000,
      messageBytes: count('MaximumMessageSize') || MESSAGE_BYTES,
      redrives: Attributes.RedrivePolicy !== undefined,
    };
  }

  close(): void {
    this.#client.destroy();
  }

  async #each(
    handles: readonly string[],
    command: (entries: { Id: string; ReceiptHandle: string }[]) => DeleteMessageBatchCommand,
  ): Promise<string[]> {
    const calls: Promise<string[]>[] = [];
    for (let from = 0; from < handles.length; from += BATCH) {
      const part = handles.slice(from, from + BATCH);
      const entries = part.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle }));
      const failed = this.#client.send(command(entries), within(CALL_MS)).then(
        ({ Failed = [] }) => Failed.map(({ Id }) => part[Number(Id)]!),
        () => part,
      );
      calls.push(failed);
    }
    return (await Promise.all(calls)).flat();
  }
}

const within = (ms: number) => ({ abortSignal: AbortSignal.timeout(ms) });
