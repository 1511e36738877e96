// The data path as processes (an API and a consumer on real servers), for tests that break it under
// load.
import { createQueue, type QueueSettings } from '../apps/shared/queue/create.ts';
import type { Queue } from '../apps/shared/queue/queue.ts';
import { isUp } from '../tooling/http.ts';
import { freePort } from '../tooling/ports.ts';
import { silent, uniqueName } from './api.ts';
import { appEnvironment } from './app-environment.ts';
import { createTopics } from './kafka-topics.ts';
import { AppProcess } from './processes.ts';
import type { ServerFixture } from './servers.ts';
import { until } from './until.ts';

/** Length of the payloads that the API makes. */
export const PAYLOAD_CHARS = 64;

export interface DataPathOptions {
  readonly redis: ServerFixture;
  /** Makes Kafka the queue. Default: Redis Streams. */
  readonly kafka?: ServerFixture | undefined;
  /** Makes the queue `posts` of this SQS the queue. */
  readonly sqs?: ServerFixture | undefined;
  /** Default: none, for another store. */
  readonly mongoUrl?: string;
  /** Settings of both apps that win over the usual ones. */
  readonly both?: Readonly<Record<string, string>>;
  /** Settings of the consumer that win over the usual ones. */
  readonly consumer?: Readonly<Record<string, string>>;
}

export class DataPath {
  readonly queue: Queue;
  readonly api: AppProcess;
  readonly consumer: AppProcess;
  /** Address of the API. */
  readonly url: string;

  /** Starts it, and waits until the API is ready. */
  static async start(options: DataPathOptions): Promise<DataPath> {
    const name = uniqueName('posts');
    if (options.kafka) await createTopics(options.kafka.url, name);
    const path = new DataPath(options, name, await freePort());
    path.api.start();
    path.consumer.start();
    await until(() => isUp(`${path.url}/readyz`), 60_000);
    return path;
  }

  private constructor({ redis, kafka, sqs, mongoUrl, both, consumer }: DataPathOptions, name: string, port: number) {
    const kind: QueueSettings['QUEUE_KIND'] = kafka ? 'kafka' : sqs ? 'sqs' : 'redis-streams';
    const common = {
      ...{ QUEUE_KIND: kind, QUEUE_NAME: name, REDIS_URL: redis.url },
      ...(sqs && {
        SQS_QUEUE_URL: `${sqs.url}/000000000000/posts`,
        ...{ SQS_REGION: 'elasticmq', SQS_ENDPOINT: sqs.url },
      }),
    };
    const settings: QueueSettings = {
      ...common,
      QUEUE_GROUP: 'store',
      QUEUE_MAX_BYTES: 1e9,
      QUEUE_MAX_LENGTH: 1_000_000,
      KAFKA_BROKERS: kafka?.url.split(','),
    };
    this.queue = createQueue(settings, silent);
    const env = {
      ...common,
      ...(kafka && { KAFKA_BROKERS: kafka.url }),
      ...(sqs && { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' }),
      ...(mongoUrl && { MONGO_URL: mongoUrl }),
      LOG_LEVEL: 'silent',
      ...both,
    };
    const apiEnv = { ...env, API_PORT: String(port), PAYLOAD_CHARS: String(PAYLOAD_CHARS) };
    this.api = new AppProcess('apps/api/main.ts', appEnvironment('api', apiEnv));
    this.consumer = new AppProcess('apps/consumer/main.ts', appEnvironment('consumer', { ...env, ...consumer }));
    this.url = `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.api.kill();
    this.consumer.kill();
    await this.queue.close();
  }
}
