// The servers ask for passwords: whoever has none, or a wrong one, is turned away.
import { connect } from 'node:net';
import { connectMongo } from '../../../apps/shared/mongo.ts';
import { Cluster as KafkaCluster } from '../../../apps/topics/cluster.ts';
import type { Context, Step } from '../context.ts';
import type { RunningStack } from '../running-stack.ts';

export const passwords: Step = async (context) => {
  const stack = await context.stack();
  await redis(context, stack);
  await mongo(context, stack);
  if (context.pulumi.config.queue.kind === 'kafka') await kafka(context, stack);
};

async function redis({ check }: Context, stack: RunningStack): Promise<void> {
  const { REDIS_PASSWORD = '' } = await stack.settings('consumer');
  await stack.withPort('service/redis', 6379, async (port) => {
    const answers = await Promise.all([
      redisAnswers(port, ['PING']),
      redisAnswers(port, ['AUTH wrong', 'PING']),
      redisAnswers(port, [`AUTH ${REDIS_PASSWORD}`, 'PING']),
    ]);
    const [none, wrong, right] = answers.map((answer) => answer.replace(/\s+/g, ' ').trim());
    check('Redis turns away who has no password', /^-NOAUTH/.test(none!), none);
    check('Redis turns away who has a wrong one', /^-WRONGPASS/.test(wrong!), wrong);
    check("Redis lets in the apps' password", right === '+OK +PONG', right!.replaceAll(REDIS_PASSWORD, '***'));
  });
}

/** What Redis answers to a few commands, a line each. */
function redisAnswers(port: number, commands: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => socket.write([...commands, ''].join('\r\n')));
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.split('\r\n').length > commands.length) socket.destroy();
    });
    socket.once('close', () => resolve(said)).once('error', reject);
    socket.setTimeout(5000, () => socket.destroy(new Error('Redis does not answer')));
  });
}

async function mongo({ check, skip, pulumi }: Context, stack: RunningStack): Promise<void> {
  if (!pulumi.config.mongo.auth) return skip('MongoDB asks for a password', 'mongo:auth is false in this run');
  await stack.withPort('service/mongo', 27_017, async (port) => {
    const { client, db } = connectMongo({
      url: `mongodb://127.0.0.1:${port}/breakwater?directConnection=true`,
      appName: 'e2e',
    });
    try {
      const answer = await db
        .collection('records')
        .findOne({})
        .then(
          () => 'it answers',
          (error: Error & { codeName?: string }) => error.codeName ?? error.message,
        );
      check('MongoDB turns away who has no password', answer === 'Unauthorized', answer);
    } finally {
      await client.close();
    }
  });
}

async function kafka({ check }: Context, stack: RunningStack): Promise<void> {
  const { KAFKA_USERNAME: username = '', KAFKA_PASSWORD: password = '' } = await stack.settings('consumer');
  await stack.withPort('pod/kafka-0', 9092, async (port) => {
    const ask = async (credentials: { username?: string; password?: string }): Promise<string> => {
      const cluster = new KafkaCluster({ brokers: [`127.0.0.1:${port}`], ...credentials });
      try {
        return `lets in, ${(await cluster.brokers()).length} brokers`;
      } catch (error) {
        return `turns away: ${(error as Error).message}`;
      } finally {
        await cluster.close();
      }
    };
    const [none, wrong, right] = [
      await ask({}),
      await ask({ username, password: 'wrong' }),
      await ask({ username, password }),
    ];
    check('Kafka turns away who has no password', none.startsWith('turns away'), none);
    check('Kafka turns away who has a wrong one', wrong.startsWith('turns away'), wrong);
    check("Kafka lets in the apps' password", right.startsWith('lets in'), right);
  });
}
