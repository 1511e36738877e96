// The library's producer, sending batches that are encoded already.
import {
  type API,
  type Callback,
  kGetApi,
  Producer,
  produceV9,
  produceV10,
  produceV11,
  Writer,
} from '@platformatic/kafka';
import { stamp } from './batch.ts';

/** One message of the library stands for a whole batch: its value. */
interface BatchMessage {
  readonly topic: string;
  readonly partition: number;
  readonly value: Buffer;
}

interface ProduceOptions {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

type ProduceRequest = [acks: number, timeout: number, messages: BatchMessage[], options: ProduceOptions];

/** The versions with this request layout. */
const VERSIONS = { 9: produceV9, 10: produceV10, 11: produceV11 };

/**
 * A producer of whole batches, idempotent, that sends one at a time. It keeps the sequence numbers
 * itself, since the library counts its messages: they begin anew with each producer id, which the
 * library asks for whenever a send has failed.
 */
export class BatchProducer extends Producer<Buffer, Buffer, Buffer, Buffer> {
  #producerId = -1n;
  /** The next sequence number, by partition. */
  readonly #sequences = new Map<string, number>();
  /** The batch under way, with what it was stamped with: a repetition must be the same. */
  #current: { readonly batch: Buffer; readonly producerId: bigint } | undefined;

  /** Resolves once all replicas in sync have it. @param batch see encodeBatch */
  async sendBatch(topic: string, partition: number, batch: Buffer): Promise<void> {
    await this.send({
      messages: [{ topic, partition, value: batch }],
      idempotent: true,
      acks: -1,
      // That path of the library forgets the errors of earlier attempts, and with them that the
      // outcome is unknown.
      repeatOnStaleMetadata: false,
    });
  }

  override [kGetApi]<Request extends unknown[], Response>(
    name: string,
    callback: Callback<API<Request, Response>>,
  ): void {
    super[kGetApi]<Request, Response>(name, (error, api) => {
      if (error || api === undefined || name !== 'Produce') return callback(error, api);
      const version = VERSIONS[api.version as keyof typeof VERSIONS];
      if (version === undefined)
        return callback(new Error(`Kafka 2.8 or newer is needed (Produce ${api.version})`), api);
      const send = (connection: Parameters<typeof api>[0], ...args: [...ProduceRequest, Callback<Response>]) => {
        const [acks, timeout, messages, options, done] = args;
        const parse = version.parseResponse as never;
        const create = () => this.#createRequest(acks, timeout, messages, options);
        connection.send(0, api.version, create, parse, true, true, done as never);
      };
      callback(null, send as unknown as API<Request, Response>);
    });
  }

  /** `Produce Request => transactional_id acks timeout_ms [topic [index records]]`, all compact. */
  #createRequest(acks: number, timeout: number, [message]: BatchMessage[], options: ProduceOptions): Writer {
    const { topic, partition, value: batch } = message!;
    this.#stamp(batch, `${topic}:${partition}`, options);
    return Writer.create()
      .appendString(null)
      .appendInt16(acks)
      .appendInt32(timeout)
      .appendArray([topic], (w) => {
        w.appendString(topic).appendArray([partition], (v) => {
          v.appendInt32(partition)
            .appendUnsignedVarInt(batch.length + 1)
            .append(batch);
        });
      })
      .appendTaggedFields();
  }

  #stamp(batch: Buffer, partition: string, { producerId, producerEpoch }: ProduceOptions): void {
    if (producerId !== this.#producerId) {
      this.#producerId = producerId;
      this.#sequences.clear();
    }
    if (this.#current?.batch === batch && this.#current.producerId === producerId) return;
    this.#current = { batch, producerId };
    const first = this.#sequences.get(partition) ?? 0;
    stamp(batch, { producerId, producerEpoch, first });
    this.#sequences.set(partition, (first + batch.readInt32BE(57)) & 0x7fffffff);
  }
}
