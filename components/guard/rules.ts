// What the guard refuses: a pure function of the config that the stack is up with, the one that it
// should have, and what the running stack answered.
import { isOlder } from '../../tooling/programs.ts';
import type { Facts, QueueAnswer } from './ask.ts';
import type { Guarded, GuardedKey } from './values.ts';

/** One refused change. */
export interface Refusal {
  readonly key: GuardedKey;
  /** From what to what, why not, and what to do instead. */
  readonly reason: string;
}

type Server = 'kafka' | 'redis' | 'mongo';
type Rule = (old: Guarded, next: Guarded, facts: Facts) => readonly Refusal[];

const servers: readonly Server[] = ['kafka', 'redis', 'mongo'];

/** Whether the stack runs the server itself. */
const runs = (server: Server, values: Guarded): boolean =>
  values[`${server}:external`] === undefined &&
  !(server !== 'mongo' && values[`${server}:managed`]) &&
  (server !== 'kafka' || values['queue:kind'] === 'kafka');

const stays = (server: Server, old: Guarded, next: Guarded): boolean => runs(server, old) && runs(server, next);

const refusal = (key: GuardedKey, old: Guarded, next: Guarded, why: string): Refusal => ({
  key,
  reason: `${old[key] ?? 'not set'} → ${next[key] ?? 'not set'}: ${why}`,
});

/** How to put the value back. */
const keep = (key: GuardedKey, old: Guarded): string =>
  old[key] === undefined ? `pulumi config rm ${key}` : `pulumi config set ${key} ${old[key]}`;

const namespace: Rule = (old, next) =>
  old['cluster:namespace'] === next['cluster:namespace']
    ? []
    : [
        refusal(
          'cluster:namespace',
          old,
          next,
          `everything would be replaced, volumes included. Keep it (${keep('cluster:namespace', old)}), or run pulumi destroy first`,
        ),
      ];

const awsPlace: Rule = (old, next) =>
  (['aws:region', 'aws:zones', 'aws:cidr'] as const)
    .filter((key) => old[key] !== undefined && next[key] !== undefined && old[key] !== next[key])
    .map((key) =>
      refusal(
        key,
        old,
        next,
        `the cluster and its volumes would be replaced. Keep it (${keep(key, old)}), or start a second stack with the new value and move over`,
      ),
    );

const storageClass: Rule = (old, next) =>
  old['cluster:storageClass'] === next['cluster:storageClass'] ||
  !(servers.some((server) => stays(server, old, next)) || (old['monitoring:enabled'] && next['monitoring:enabled']))
    ? []
    : [
        refusal(
          'cluster:storageClass',
          old,
          next,
          `a volume cannot move to another class. Keep it (${keep('cluster:storageClass', old)}), or start a second stack with the new class and move over`,
        ),
      ];

const volumes: Rule = (old, next) => {
  const monitored = old['monitoring:enabled'] && next['monitoring:enabled'];
  const keys = [
    ...servers.filter((server) => stays(server, old, next)).map((server) => `${server}:volumeGiB` as const),
    ...(old['backup:enabled'] && next['backup:enabled'] ? (['backup:volumeGiB'] as const) : []),
    ...(monitored ? (['monitoring:volumeGiB', 'monitoring:logVolumeGiB'] as const) : []),
  ];
  return keys
    .filter((key) => old[key] !== next[key])
    .map((key) => {
      const why =
        next[key] < old[key]
          ? 'a volume cannot shrink'
          : 'not every storage class can grow a volume, and a StatefulSet cannot change the size it asks for';
      return refusal(
        key,
        old,
        next,
        `${why}. Keep it (${keep(key, old)}), or start a second stack with the new size and move over`,
      );
    });
};

const partitions: Rule = (old, next) =>
  old['queue:kind'] === 'kafka' &&
  next['queue:kind'] === 'kafka' &&
  old['queue:name'] === next['queue:name'] &&
  old['kafka:external'] === next['kafka:external'] &&
  next['kafka:partitions'] < old['kafka:partitions']
    ? [
        refusal(
          'kafka:partitions',
          old,
          next,
          `Kafka cannot take a partition away without losing its records. Keep at least ${old['kafka:partitions']} (${keep('kafka:partitions', old)})`,
        ),
      ]
    : [];

const CONTROLLERS = 3;

const brokers: Rule = (old, next) => {
  const key = 'kafka:brokers';
  if (!stays('kafka', old, next) || old[key] === next[key]) return [];
  if (next[key] < CONTROLLERS && old[key] >= CONTROLLERS)
    return [
      refusal(
        key,
        old,
        next,
        `brokers 0 to ${CONTROLLERS - 1} are the controllers, and the rest would have no majority without them. Keep at least ${CONTROLLERS} (pulumi config set ${key} ${CONTROLLERS})`,
      ),
    ];
  if (old[key] < CONTROLLERS && next[key] >= CONTROLLERS)
    return [
      refusal(
        key,
        old,
        next,
        `the controllers are written into the broker's volume when it is first used, and one cannot become ${CONTROLLERS}. Keep it (${keep(key, old)}), or start a second stack with ${next[key]} and move over`,
      ),
    ];
  return [];
};

/**
 * Whether the change is a downgrade of Kafka, which is refused unless no broker ever ran the newer
 * version.
 */
const versionGoesDown = (old: Guarded, next: Guarded): boolean =>
  stays('kafka', old, next) && isOlder(next['kafka:version'], old['kafka:version']);

const version: Rule = (old, next, { brokers: answer }) => {
  const key = 'kafka:version';
  if (!versionGoesDown(old, next)) return [];
  // A version that never started (a typing error, an image that cannot be pulled) may be reverted.
  if (answer && 'versions' in answer && !answer.versions.some((running) => isOlder(next[key], running))) return [];
  const cause = answer && 'error' in answer ? ` (the brokers could not be asked: ${answer.error})` : '';
  return [
    refusal(
      key,
      old,
      next,
      `a broker cannot read what a newer one wrote${cause}. Keep at least ${old[key]} (${keep(key, old)})`,
    ),
  ];
};

const passwords: Rule = (old, next) =>
  servers
    .filter((server) => stays(server, old, next))
    .flatMap((server): readonly Refusal[] => {
      const key = `${server}:passwordVersion` as const;
      const step = next[key] - old[key];
      if (step === 0 || step === 1) return [];
      const why =
        step < 0
          ? 'a password that was replaced is not valid again'
          : 'only the password before the new one stays valid meanwhile, and the pods would be refused';
      return [
        refusal(
          key,
          old,
          next,
          `${why}. Raise it by one at a time (pulumi config set ${key} ${old[key] + 1}), then up`,
        ),
      ];
    });

/** Those of the changed keys that would leave behind what the queue holds. */
function leavesQueue(old: Guarded, next: Guarded): readonly GuardedKey[] {
  const keys: GuardedKey[] = [
    ...(['queue:kind', 'queue:name', 'kafka:external', 'sqs:queueUrl', 'redis:external'] as const),
    ...(['kafka:managed', 'redis:managed'] as const),
    ...(['store:kind', 'mongo:external', 'mysql:external'] as const),
    ...(['dynamodb:table', 'dynamodb:region', 'dynamodb:endpoint'] as const),
  ];
  const kindOf = (values: Guarded, what: 'queue' | 'store') => values[`${what}:kind`] ?? 'mongo'; // absent: MongoDB
  /** Whether the server is used before and after, so that the change is its own. */
  const stays = (what: 'queue' | 'store', kind: string) => kindOf(old, what) === kind && kindOf(next, what) === kind;
  const used = (key: GuardedKey): boolean => {
    const [server] = key.split(':') as [string];
    if (server === 'kafka' || server === 'sqs') return stays('queue', server);
    return !['mongo', 'mysql', 'dynamodb'].includes(server) || stays('store', server);
  };
  return keys.filter((key) => old[key] !== next[key] && used(key));
}

const count = (number: number, what: string): string =>
  `${number.toLocaleString('en-US')} ${what}${number === 1 ? '' : 's'}`;

const waiting = 'producer:rate 0, and no load on the API';

/** Why the queue must not be left; undefined where it may. */
function whyNotLeave(answer: QueueAnswer | undefined): string | undefined {
  if (answer === undefined || 'error' in answer)
    return `what the queue holds would be left behind, and the API could not be asked how much that is (${answer?.error ?? 'not asked'}). Bring the stack back to ready, or run pulumi destroy first if its records may go`;
  const { lag, deadLetters, arriving } = answer;
  if (arriving > 0)
    return `records still arrive (${count(arriving, 'record')} between two looks), and those would be left behind. Stop the writers (${waiting}), wait until lag is 0 in /api/stats, then up`;
  if (lag > 0)
    return `the queue holds ${count(lag, 'record')} that ${lag === 1 ? 'is' : 'are'} not stored yet and would be left behind. Stop the writers (${waiting}), wait until lag is 0 in /api/stats, then up`;
  if (deadLetters > 0)
    return `${count(deadLetters, 'dead letter')} would be left behind. Replay or drop them first (docs/operations.md, dead letters)`;
  return undefined;
}

const queue: Rule = (old, next, facts) =>
  leavesQueue(old, next).flatMap((key) => {
    const why = whyNotLeave(facts.queue);
    return why === undefined ? [] : [refusal(key, old, next, why)];
  });

const rules: readonly Rule[] = [
  namespace,
  awsPlace,
  storageClass,
  volumes,
  partitions,
  brokers,
  version,
  passwords,
  queue,
];

/** What the running stack must be asked to judge the change. */
export const questions = (old: Guarded, next: Guarded): readonly (keyof Facts)[] => [
  ...(leavesQueue(old, next).length > 0 ? (['queue'] as const) : []),
  ...(versionGoesDown(old, next) ? (['brokers'] as const) : []),
];

/**
 * Every change of the config that is refused; empty when it may go ahead.
 *
 * @param old the config that the stack is up with
 * @param next the config that it should have
 * @param facts what the running stack answered to `questions`; what is missing counts as unknown
 */
export const refusals = (old: Guarded, next: Guarded, facts: Facts = {}): readonly Refusal[] =>
  rules.flatMap((rule) => rule(old, next, facts));
