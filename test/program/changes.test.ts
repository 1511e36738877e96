// The effects of a change: docs/config.md says what the program does, key by key.
import { describe, expect, test } from '@jest/globals';
import { questions, refusals } from '../../components/guard/rules.ts';
import { guardedValues } from '../../components/guard/values.ts';
import { parseStackConfig, type RawConfig } from '../../config/parse.ts';
import { configKeys } from '../../config/schema.ts';
import { contradictions } from './change-text.ts';
import { appsChanges } from './changes/apps.ts';
import { awsChanges } from './changes/aws.ts';
import type { Change, Changes } from './changes/change.ts';
import { clusterChanges } from './changes/cluster.ts';
import { monitoringChanges } from './changes/monitoring.ts';
import { serversChanges } from './changes/servers.ts';
import { compare, type Effect } from './compare.ts';
import type { Declared } from './declare.ts';
import { declareStack, stackFileConfig } from './stacks.ts';

const changes: Changes = { ...clusterChanges, ...awsChanges, ...serversChanges, ...appsChanges, ...monitoringChanges };

const dev = stackFileConfig('dev');

const casesOf = (key: string): readonly Change[] => {
  const found = changes[key];
  return found === undefined ? [] : 'to' in found ? [found] : found;
};

const rows = configKeys.flatMap(({ key, change: text }) =>
  casesOf(key).map((change, index) => [`${key} (${index + 1})`, key, text, change] as const),
);

/** The config before and after. */
const configsOf = (key: string, { on = {}, with: others = {}, to }: Change): readonly [RawConfig, RawConfig] => [
  on,
  { ...on, ...others, [key]: to },
];

/** Stacks that several changes start from; each is declared once. */
const declared = new Map<string, Promise<readonly Declared[]>>();
const before = (raw: RawConfig): Promise<readonly Declared[]> => {
  const id = JSON.stringify(raw);
  const stack = declared.get(id) ?? declareStack('dev', raw);
  declared.set(id, stack);
  return stack;
};

test('every key has its changes', () => {
  expect(Object.keys(changes).toSorted()).toEqual(configKeys.map(({ key }) => key).toSorted());
});

describe('the guard', () => {
  const guarded = (raw: RawConfig) => guardedValues(parseStackConfig({ ...dev, ...raw }));

  test.each(rows)('%s', (_name, key, _text, change) => {
    const [old, next] = configsOf(key, change).map(guarded);
    const refused = (lag: number): readonly string[] =>
      refusals(old!, next!, { queue: { lag, deadLetters: 0, arriving: 0 } }).map((refusal) => refusal.key);
    expect(refused(0)).toEqual(change.refused ? [key] : []);
    expect(refused(1)).toEqual(change.refused || change.needsEmptyQueue ? [key] : []);
    expect(questions(old!, next!).includes('queue')).toBe(change.needsEmptyQueue ?? false);
  });
});

describe('what changes in the cluster', () => {
  const allowed = rows.filter(([, , , { refused }]) => !refused);
  test.each(allowed)('%s', async (_name, key, _text, change) => {
    const [old, next] = configsOf(key, change);
    const { rolls = [], runs = [], changes: inPlace = [], creates = [], deletes = [], replaces = [] } = change;
    const expected: Effect = { rolls, runs, changes: inPlace, creates, deletes, replaces };
    expect(compare(await before(old), await declareStack('dev', next))).toEqual(expected);
  });
});

test.each(rows)('the description of %s agrees', (_name, key, text, change) => {
  expect(contradictions(key, text, change)).toEqual([]);
});

describe('a description that disagrees is detected', () => {
  test.each<[string, string, Change, string]>([
    ['a pod that it does not name', 'Rolls the consumer pods.', { to: 1, rolls: ['api', 'consumer'] }, 'api rolls'],
    [
      'a pod that does not roll',
      'Rolls the API and consumer pods.',
      { to: 1, rolls: ['api'] },
      'consumer does not roll',
    ],
    ['a roll', 'In place.', { to: 1, rolls: ['api'] }, 'it is not in place'],
    ['a replacement', 'In place.', { to: 1, replaces: ['StatefulSet kafka'] }, 'it replaces StatefulSet kafka'],
    ['a refusal', 'Rolls the brokers.', { to: 1, refused: true }, 'it is refused'],
    ['a key that does nothing', 'In place.', { to: 1 }, 'nothing happens in a cluster'],
    ['a key that does something', 'Local run only.', { to: 1, changes: ['Service api'] }, 'it changes the cluster too'],
    ['nothing created', 'Creates or deletes it.', { to: 1, changes: ['Service api'] }, 'nothing is created or deleted'],
  ])('%s', (_name, text, change, contradiction) => {
    expect(contradictions('api:x', text, change)).toContain(contradiction);
  });
});
