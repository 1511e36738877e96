// Passwords: the servers require them, and none appears in plain text.
import { connect } from 'node:net';
import { connectMongo } from '../../../apps/shared/mongo.ts';
import { Cluster as KafkaCluster } from '../../../apps/topics/cluster.ts';
import type { List } from '../../../tooling/cluster/kubectl.ts';
import { CommandError } from '../../../tooling/run.ts';
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
    check('Redis refuses a client without a password', /^-NOAUTH/.test(none!), none);
    check('Redis refuses a wrong password', /^-WRONGPASS/.test(wrong!), wrong);
    check("Redis accepts the apps' password", right === '+OK +PONG', right!.replaceAll(REDIS_PASSWORD, '***'));
  });
}

/** Redis' replies to a few commands. */
function redisAnswers(port: number, commands: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let replies = '';
    const socket = connect(port, '127.0.0.1', () => socket.write([...commands, ''].join('\r\n')));
    socket.setEncoding('utf8').on('data', (text: string) => {
      replies += text;
      if (replies.split('\r\n').length > commands.length) socket.destroy();
    });
    socket.once('close', () => resolve(replies)).once('error', reject);
    socket.setTimeout(5000, () => socket.destroy(new Error('Redis does not answer')));
  });
}

async function mongo({ check, skip, pulumi }: Context, stack: RunningStack): Promise<void> {
  if (!pulumi.config.mongo.auth) return skip('MongoDB requires a password', 'mongo:auth is false in this run');
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
      check('MongoDB refuses a client without a password', answer === 'Unauthorized', answer);
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
        return `accepted, ${(await cluster.brokers()).length} brokers`;
      } catch (error) {
        return `refused: ${(error as Error).message}`;
      } finally {
        await cluster.close();
      }
    };
    const [none, wrong, right] = [
      await ask({}),
      await ask({ username, password: 'wrong' }),
      await ask({ username, password }),
    ];
    check('Kafka refuses a client without a password', none.startsWith('refused'), none);
    check('Kafka refuses a wrong password', wrong.startsWith('refused'), wrong);
    check("Kafka accepts the apps' password", right.startsWith('accepted'), right);
  });
}

export const hidden: Step = async ({ check, pulumi, ...context }) => {
  const stack = await context.stack();
  const namespaces = [stack.namespace, stack.apiNamespace];
  const lists = await Promise.all(namespaces.map((one) => stack.kubectl.get<List<Secret>>(one, 'secrets')));
  const passwords = passwordsOf(lists.flatMap(({ items }) => items));
  check('the servers have passwords', passwords.length > 0, `${passwords.length} different ones`);

  const texts: Record<string, string> = { ...(await pulumi.visible()) };
  for (const namespace of namespaces) {
    const show = (...args: string[]) => stack.kubectl.text([...args, '--namespace', namespace]);
    texts[`kubectl describe pods in ${namespace}`] = await show('describe', 'pods');
    texts[`objects in ${namespace}`] = await show(
      'get',
      'deployments,statefulsets,jobs,configmaps,pods',
      '--output',
      'yaml',
    );
  }
  Object.assign(texts, await logs(stack));
  const found = leaks(texts, passwords);
  check(
    'no password appears in plain text or base64',
    found.length === 0,
    found.length > 0 ? `in ${found.join(', ')}` : `${Object.keys(texts).length} texts searched`,
  );
};

/** The container logs, by pod. */
async function logs(stack: RunningStack): Promise<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  for (const { metadata } of await stack.pods()) {
    const namespace = stack.namespaceOf(metadata.labels?.['app.kubernetes.io/name'] ?? '');
    texts[`log of ${metadata.name}`] = await stack.kubectl
      .text(['logs', '--namespace', namespace, metadata.name, '--all-containers'])
      .catch((error) => {
        if (error instanceof CommandError) return ''; // the pod is gone, or has not started
        throw error;
      });
  }
  return texts;
}

/** A Kubernetes Secret. */
export interface Secret {
  readonly metadata: { readonly name: string };
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Shorter ones would match by chance. */
const SHORTEST = 12;

/** The decoded passwords of Secrets: every value that is long enough and named a password. */
export const passwordsOf = (secrets: readonly Secret[]): readonly string[] => [
  ...new Set(
    secrets.flatMap(({ data = {} }) =>
      Object.entries(data)
        .filter(([key]) => /password/i.test(key))
        .map(([, value]) => Buffer.from(value, 'base64').toString())
        .filter((value) => value.length >= SHORTEST),
    ),
  ),
];

/** Names of the texts that contain one of the secrets, as it is or as base64. */
export const leaks = (texts: Readonly<Record<string, string>>, secrets: readonly string[]): readonly string[] => {
  const forms = secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]);
  return Object.entries(texts)
    .filter(([, text]) => forms.some((form) => text.includes(form)))
    .map(([name]) => name);
};
