// Pods are replaced under load: nobody may notice, and nothing may be lost.
import { apply } from '../apply.ts';
import type { Context, Step } from '../context.ts';
import { checkLoad, LIGHT, type LoadSize, STEADY, startLoad } from '../load.ts';

/** Share of requests that may fail while something rolls that is not meant to interrupt. */
const MOST_FAILED = 0.01;
/** Requests before and after the change, so that both are seen. */
const AROUND = 200;

interface Rolling {
  readonly config: Readonly<Record<string, string>>;
  readonly rolls: readonly string[];
  readonly size: LoadSize;
  /** null: the component is one pod, and its clients are turned away while it is replaced. */
  readonly mostFailed: number | null;
}

async function underLoad(context: Context, { config, rolls, size, mostFailed }: Rolling): Promise<void> {
  const load = await startLoad(await context.stack(), size, context.signal);
  try {
    await load.accepted(AROUND);
    await apply(context, config, { rolls });
    await load.accepted(AROUND);
  } finally {
    checkLoad(context, await load.end(), mostFailed);
  }
}

/** Consumers that work for a long time at each record need fewer of them. */
const sizeFor = ({ pulumi }: Context): LoadSize => (pulumi.config.consumer.workMs > 0 ? LIGHT : STEADY);

export const rollApi: Step = (context) => {
  const { maxWaitMs } = context.pulumi.config.api;
  const config = { 'api:maxWaitMs': String(maxWaitMs + 1) };
  return underLoad(context, { config, rolls: ['api'], size: sizeFor(context), mostFailed: MOST_FAILED });
};

export const rollKafka: Step = (context) => {
  const { heapMiB } = context.pulumi.config.kafka;
  const config = { 'kafka:heapMiB': String(heapMiB + 16) };
  return underLoad(context, { config, rolls: ['kafka'], size: sizeFor(context), mostFailed: MOST_FAILED });
};

/** The patch release after the default one. */
const NEXT_KAFKA = '4.1.2';

export const upgradeKafka: Step = async (context) => {
  const config = { 'kafka:version': NEXT_KAFKA };
  await underLoad(context, { config, rolls: ['kafka'], size: sizeFor(context), mostFailed: MOST_FAILED });
  const pods = await (await context.stack()).pods('kafka');
  const images = [...new Set(pods.map(({ spec }) => spec.containers.find(({ name }) => name === 'kafka')?.image))];
  context.check(
    `every broker runs ${NEXT_KAFKA}`,
    images.length === 1 && images[0]!.includes(`:${NEXT_KAFKA}`),
    images.join(', '),
  );
};

const USERS = { kafka: 'KAFKA', redis: 'REDIS', mongo: 'MONGO' } as const;

/** Raises a password's version under light load: clients and server change over, the one before stays valid meanwhile. */
const rotate =
  (server: keyof typeof USERS): Step =>
  async (context) => {
    const { passwordVersion } = context.pulumi.config[server];
    const stack = await context.stack();
    const variable = `${USERS[server]}_PASSWORD`;
    const before = await stack.settings('consumer');
    const rolls = rolledBy(context)[server];
    const config = { [`${server}:passwordVersion`]: String(passwordVersion + 1) };
    await underLoad(context, { config, rolls, size: LIGHT, mostFailed: server === 'kafka' ? MOST_FAILED : null });
    const after = await stack.settings('consumer');
    const changed = after[variable] !== undefined && after[variable] !== before[variable];
    context.check('the apps have another password', changed);
  };

/** Who uses which server. */
function rolledBy({ pulumi }: Context): Readonly<Record<keyof typeof USERS, readonly string[]>> {
  const { queue, kafka, producer } = pulumi.config;
  const writers = ['api', 'consumer', ...(producer.rate > 0 ? ['producer'] : [])];
  return {
    kafka: ['kafka', ...writers, ...(kafka.ui ? ['kafka-ui'] : [])],
    redis: ['redis', 'api', 'consumer', ...(queue.kind === 'redis-streams' && producer.rate > 0 ? ['producer'] : [])],
    mongo: ['mongo', 'api', 'consumer'],
  };
}

export const rotateKafka = rotate('kafka');
export const rotateRedis = rotate('redis');
export const rotateMongo = rotate('mongo');
