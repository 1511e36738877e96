// Compares the column "effect of a change" in docs/config.md with the effects themselves.
import type { Change } from './changes/change.ts';

/** The words for a workload whose pods are replaced. */
const WORDS: Readonly<Record<string, RegExp>> = {
  api: /\bAPI\b/,
  consumer: /\bconsumer\b/,
  producer: /\bproducer\b/,
  console: /\bconsole\b/,
  gate: /\bgate\b/,
  kafka: /\bbrokers\b/,
  'kafka-ui': /\bweb UI\b/,
  redis: /\bRedis\b/,
  mongo: /\bMongoDB\b/,
  prometheus: /\bPrometheus\b/,
  alertmanager: /\bAlertmanager\b/,
  grafana: /\bGrafana\b/,
  loki: /\bLoki\b/,
};

/** Words that stand for several workloads. */
const GROUPS: readonly { readonly words: RegExp; readonly means: RegExp }[] = [
  { words: /\bevery component\b/, means: /./ },
  { words: /\ball apps\b|\bthe apps\b/, means: /^(api|consumer|producer|console|gate)$/ },
  { words: /\bpods that use\b/, means: /^(api|consumer|producer|console|kafka-ui|.*-exporter)$/ },
];

const isNamed = (text: string, workload: string): boolean =>
  (WORDS[workload]?.test(text) ?? false) || GROUPS.some(({ words, means }) => words.test(text) && means.test(workload));

/** They roll with what they show and watch, which docs/config.md says once for all keys. */
const FOLLOWERS = ['grafana', 'prometheus'];

/** The workloads that the text says are rolled or replaced. */
const promised = (text: string): readonly string[] => {
  const [sentence = ''] = /^(Rolls|Replaces the \w+ pod)[^.:;]*/.exec(text) ?? [];
  return Object.entries(WORDS)
    .filter(([, word]) => word.test(sentence))
    .map(([workload]) => workload);
};

/**
 * Where the text and the effects disagree; empty when they agree.
 *
 * @param key the key that changes
 * @param text its description of the effects
 */
export function contradictions(key: string, text: string, change: Change): readonly string[] {
  const { runs = [], changes = [], creates = [], deletes = [], replaces = [] } = change;
  const follows = (workload: string): boolean => FOLLOWERS.includes(workload) && !key.startsWith('monitoring:');
  const rolls = (change.rolls ?? []).filter((workload) => !follows(workload));
  const happens = [...rolls, ...runs, ...changes, ...creates, ...deletes, ...replaces];
  const comesOrGoes = (workload: string): boolean =>
    [...creates, ...deletes].some((object) => object.endsWith(` ${workload}`));
  const when = (broken: boolean, says: string): readonly string[] => (broken ? [says] : []);
  const saysElsewhere = /^(Local run|New clusters) only/.test(text);
  const saysRefused = /\brefused\b/i.test(text);
  if (change.refused) return when(!saysRefused, 'it is refused');
  return [
    ...when(change.needsEmptyQueue === true && !saysRefused, 'it is refused while the queue holds records'),
    ...when(happens.length > 0 && saysElsewhere, 'it changes the cluster too'),
    ...when(happens.length === 0 && !saysElsewhere, 'nothing happens in a cluster'),
    ...when(text.startsWith('In place') && rolls.length + replaces.length > 0, 'it is not in place'),
    ...when(text.startsWith('Creates') && creates.length + deletes.length === 0, 'nothing is created or deleted'),
    ...when(replaces.length > 0 && !/\bReplaces\b/.test(text), `it replaces ${replaces.join(', ')}`),
    ...rolls.filter((workload) => !isNamed(text, workload)).map((workload) => `${workload} rolls`),
    ...promised(text)
      .filter((workload) => !change.rolls?.includes(workload) && !comesOrGoes(workload))
      .map((workload) => `${workload} does not roll`),
  ];
}
