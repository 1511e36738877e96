// Changes that would lose data: the preview must refuse them and say why.
import type { Step } from '../context.ts';
import { changesNothing } from '../operation.ts';

interface Refused {
  readonly config: Readonly<Record<string, string>>;
  /** What the message must contain. */
  readonly says: RegExp;
}

export const refused: Step = async ({ pulumi, check }) => {
  const { kafka, redis } = pulumi.config;
  const cases: readonly Refused[] = [
    {
      config: {
        'kafka:partitions': String(kafka.partitions - 1),
        // More consumers than partitions would be refused for another reason.
        'consumer:maxReplicas': String(kafka.partitions - 1),
      },
      says: /kafka:partitions: \d+ → \d+: Kafka cannot take a partition away/,
    },
    {
      config: { 'kafka:version': '4.0.0' },
      says: /kafka:version: .* → 4\.0\.0: a broker cannot read what a newer one wrote/,
    },
    {
      config: { 'kafka:brokers': '1' },
      says: /kafka:replicationFactor: is \d+, more than kafka:brokers \(1\)/,
    },
    {
      config: { 'kafka:brokers': '1', 'kafka:replicationFactor': '1', 'kafka:minInsyncReplicas': '1' },
      says: /kafka:brokers: \d+ → 1: brokers 0 to 2 are the controllers/,
    },
    { config: { 'redis:volumeGiB': String(redis.volumeGiB - 1) }, says: /redis:volumeGiB: .*: a volume cannot shrink/ },
    { config: { 'redis:passwordVersion': '9' }, says: /redis:passwordVersion: .* Raise it by one at a time/ },
    { config: { 'cluster:namespace': 'elsewhere' }, says: /cluster:namespace: .*everything would be replaced/ },
    { config: { 'api:replcas': '5' }, says: /api:replcas: is not a key; did you mean api:replicas\?/ },
  ];
  for (const { config, says } of cases) {
    const shown = Object.entries(config)
      .map((pair) => pair.join(' '))
      .join(', ');
    const operation = await pulumi.withConfig(config, () => pulumi.preview());
    const said = [...operation.errors, operation.text].join('\n');
    const [message] = says.exec(said) ?? [];
    check(
      `${shown} is refused`,
      !operation.ok && message !== undefined,
      message ?? (operation.ok ? 'the preview succeeds' : said.slice(-500)),
    );
  }
  const operation = await pulumi.preview();
  check(
    'the config is restored: nothing to change',
    operation.ok && changesNothing(operation),
    operation.resources.join(', '),
  );
};
