// Pods are replaced under load: requests keep succeeding, and no record is lost.
import { parseStackConfig } from '../../../config/parse.ts';
import { apply } from '../apply.ts';
import type { Context, Step } from '../context.ts';
import { checkLoad, LIGHT, type LoadSize, STEADY, startLoad } from '../load.ts';
import { componentOf, type Pod } from '../running-stack.ts';

/** Share of requests that may fail during a roll that should not interrupt service. */
const MOST_FAILED = 0.01;
/** Requests before and after the change. */
const AROUND = 200;

interface Rolling {
  readonly config: Readonly<Record<string, string>>;
  readonly rolls: readonly string[];
  readonly size: LoadSize;
  /** null: any, as the component is a single pod that is unavailable while it is replaced. */
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

/** A stack whose consumers take long for each record gets a lighter load. */
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

/** The default version; the run starts with an older one (plan.ts). */
const NEXT_KAFKA = parseStackConfig({}).kafka.version;

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

const VARIABLES = { kafka: 'KAFKA_PASSWORD', redis: 'REDIS_PASSWORD', mongo: 'MONGO_PASSWORD' } as const;

/** Rotates a password under light load. The old one stays valid until all have the new one. */
const rotate =
  (server: keyof typeof VARIABLES): Step =>
  async (context) => {
    const { pulumi, check, skip } = context;
    if (server === 'mongo' && !pulumi.config.mongo.auth) return skip('the password', 'mongo:auth is false in this run');
    const stack = await context.stack();
    const before = await stack.settings('consumer');
    const rolls = usersOf(server, await stack.pods());
    check(
      'the server and the API use its Secret',
      [server, 'api'].every((one) => rolls.includes(one)),
      rolls.join(),
    );
    const config = { [`${server}:passwordVersion`]: String(pulumi.config[server].passwordVersion + 1) };
    // Brokers are replaced one by one. Redis and MongoDB are single pods, unavailable meanwhile.
    await underLoad(context, { config, rolls, size: LIGHT, mostFailed: server === 'kafka' ? MOST_FAILED : null });
    const after = (await stack.settings('consumer'))[VARIABLES[server]];
    check('the apps have a new password', after !== undefined && after !== before[VARIABLES[server]]);
  };

/** Components whose pods use a Secret of the server: `<server>-server-…`, `<server>-client-…`. */
const usersOf = (server: string, pods: readonly Pod[]): readonly string[] => [
  ...new Set(pods.filter((pod) => secretsOf(pod).some((secret) => secret?.startsWith(`${server}-`))).map(componentOf)),
];

/** Secrets that a pod mounts, or, as exporters must, has in its environment. */
const secretsOf = ({ spec: { volumes = [], containers } }: Pod): readonly (string | undefined)[] => [
  ...volumes.map(({ secret }) => secret?.secretName),
  ...containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name)),
];

export const rotateKafka = rotate('kafka');
export const rotateRedis = rotate('redis');
export const rotateMongo = rotate('mongo');
