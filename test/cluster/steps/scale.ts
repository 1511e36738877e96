// Day-2 changes of size: API pods, agents, brokers, partitions, the producer's rate.
import { Cluster as KafkaCluster } from '../../../apps/topics/cluster.ts';
import { METRICS_PORT } from '../../../tooling/cluster/access.ts';
import { call } from '../../../tooling/http.ts';
import { waitFor } from '../../../tooling/poll.ts';
import { apply } from '../apply.ts';
import type { Context, Step } from '../context.ts';
import { checkDataPath } from '../data-path.ts';
import type { RunningStack } from '../running-stack.ts';

/** Limit of docs/results.md, from `config set api:replicas` until every pod is ready. */
const REPLICAS_SECONDS = 45;

export const replicas: Step = async (context) => {
  const { api, hpa } = context.pulumi.config;
  if (hpa.enabled) return context.skip('api:replicas', 'the autoscaler sets it (hpa:enabled); see the step hpa');
  const { replicas: usual } = api;
  const stack = await context.stack();
  for (const count of [usual + 2, usual]) {
    await apply(context, { 'api:replicas': String(count) }, { rolls: [], limitSeconds: REPLICAS_SECONDS });
    const { spec, status } = await stack.deployment('api');
    const found = `${spec.replicas} wanted, ${status.readyReplicas} ready`;
    context.check(`${count} API pods`, spec.replicas === count && status.readyReplicas === count, found);
  }
  await checkDataPath(context);
};

export const agents: Step = async (context) => {
  const { agents: usual, servers } = context.pulumi.config.cluster;
  const stack = await context.stack();
  const before = (await stack.nodes()).length;
  context.check('every server and agent is a node', before === servers + usual, `${before} nodes`);
  for (const count of [usual + 1, usual]) {
    await apply(context, { 'cluster:agents': String(count) }, { rolls: [] });
    const nodes = await stack.nodes();
    const ready = nodes.filter(({ status }) =>
      status.conditions.some((c) => c.type === 'Ready' && c.status === 'True'),
    );
    context.check(
      `${count} agents are ready, no Node object is left over`,
      ready.length === servers + count && nodes.length === ready.length,
      `${ready.length} of ${nodes.length} nodes ready`,
    );
    await checkDataPath(context);
  }
};

export const brokers: Step = async (context) => {
  const { brokers: usual } = context.pulumi.config.kafka;
  const stack = await context.stack();
  const added = usual; // ordinals start at 0
  await apply(context, { 'kafka:brokers': String(usual + 1) }, { rolls: [] });
  await checkBrokers(context, stack, `broker ${added} has partitions`, (brokers) => brokers.includes(added));
  await checkDataPath(context);
  await apply(context, { 'kafka:brokers': String(usual) }, { rolls: [] });
  await checkBrokers(context, stack, `broker ${added} has none left`, (brokers) => !brokers.includes(added));
  const pods = await stack.pods('kafka');
  context.check(`${usual} brokers remain`, pods.length === usual, `${pods.length} pods`);
  await checkDataPath(context);
};

export const partitions: Step = async (context) => {
  const count = Math.max(12, context.pulumi.config.kafka.partitions + 1);
  await apply(context, { 'kafka:partitions': String(count) }, { rolls: [] });
  const stack = await context.stack();
  const found = await kafkaPartitions(context, stack);
  const factor = context.pulumi.config.kafka.replicationFactor;
  context.check(`Kafka has ${count} partitions`, found.length === count, String(found.length));
  const complete = found.every(({ replicas, isr }) => replicas.length === factor && isr.length === factor);
  context.check(`each has ${factor} replicas in sync`, complete);
  await checkDataPath(context);
};

const RATE = 20;

export const rate: Step = async (context) => {
  const { pulumi, signal } = context;
  const stack = await context.stack();
  const usual = pulumi.config.producer.rate;
  // A producer that is new or gone changes the console's targets.
  const runs = usual > 0;
  await apply(context, { 'producer:rate': String(RATE) }, { rolls: runs ? ['producer'] : ['console'] });
  const answer = await stack.withPort('deployment/producer', METRICS_PORT, (port) =>
    call(`http://127.0.0.1:${port}/rate`),
  );
  context.check(`the producer's rate is ${RATE}`, answer.text.includes(`"rate":${RATE}`), answer.text);
  const [begin, begun] = [await accepted(stack), performance.now()];
  await waitFor('ten seconds of messages', async () => (await accepted(stack)) - begin >= RATE * 10, {
    within: 60,
    signal,
  });
  const perSecond = ((await accepted(stack)) - begin) / ((performance.now() - begun) / 1000);
  context.check(
    `${RATE} messages a second are accepted, within 15 %`,
    Math.abs(perSecond / RATE - 1) < 0.15,
    perSecond.toFixed(1),
  );
  await apply(context, { 'producer:rate': String(usual) }, { rolls: runs ? ['producer'] : ['console', 'producer'] });
};

async function accepted(stack: RunningStack): Promise<number> {
  const { accepted } = await stack.stats();
  if (accepted === null) throw new Error('/api/stats does not report the number of accepted records');
  return accepted;
}

/**
 * Port between brokers (components/servers/kafka/ports.ts). It has no password and is reachable
 * through the pod only.
 */
const BROKER_PORT = 9093;

/** The partitions of the queue's topic, as the first broker reports them. */
function kafkaPartitions(context: Context, stack: RunningStack) {
  return stack.withPort('pod/kafka-0', BROKER_PORT, async (port) => {
    const kafka = new KafkaCluster({ brokers: [`127.0.0.1:${port}`] });
    try {
      return await kafka.partitions(context.pulumi.config.queue.name);
    } finally {
      await kafka.close();
    }
  });
}

async function checkBrokers(
  context: Context,
  stack: RunningStack,
  what: string,
  are: (brokers: readonly number[]) => boolean,
) {
  const found = await kafkaPartitions(context, stack);
  const brokers = [...new Set(found.flatMap(({ replicas }) => replicas))].sort();
  context.check(what, are(brokers), `partitions are on brokers ${brokers.join(', ')}`);
}
