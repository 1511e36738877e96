import { describe, expect, test } from '@jest/globals';
import type { Witness } from '../witness/log.ts';
import { checksumOf } from '../witness/outcome.ts';
import { countIterations, type Found, type Ledger, LedgerBook } from './ledger.ts';

const idOf = (user: number, iteration: number, index: number) => `65f0a0b0${user}${iteration}${index}`.padEnd(24, '0');
const ids = (user: number, iteration: number) => [0, 1, 2, 3, 4].map((index) => idOf(user, iteration, index));
const accepted = (user: number, iteration: number): Witness => ({
  user,
  iteration,
  outcome: 'accepted',
  checksum: checksumOf(ids(user, iteration)),
});
const other = (outcome: 'refused' | 'unknown', user: number, iteration: number): Witness => ({
  user,
  iteration,
  outcome,
  checksum: 0,
});
const record = (user: number, iteration: number, index: number, more: Partial<Found> = {}): Found => ({
  id: idOf(user, iteration, index),
  user,
  iteration,
  index,
  intact: true,
  ...more,
});
const records = (user: number, iteration: number) => [0, 1, 2, 3, 4].map((index) => record(user, iteration, index));

async function balance(witness: Witness[], found: Found[], dead: Found[] = [], unexpected = 0): Promise<Ledger> {
  const stream = async function* () {
    yield* witness;
  };
  const book = new LedgerBook('run', await countIterations(stream()));
  for (const entry of witness) book.witness(entry);
  for (const one of found) book.found(one);
  for (const one of dead) book.dead(one);
  return book.verdict(unexpected);
}

const CLEAN = {
  lost: 0,
  dead: 0,
  unexpectedDead: 0,
  phantom: 0,
  double: 0,
  corrupt: 0,
  torn: 0,
  unknownStored: 0,
  unknownAbsent: 0,
  ok: true,
};

describe('the ledger', () => {
  const cases: [string, Witness[], Found[], Partial<Ledger>][] = [
    ['nothing at all', [], [], { ...CLEAN, promised: 0 }],
    [
      'accepted and stored, out of order',
      [accepted(3, 1), accepted(0, 0), accepted(3, 0)],
      [...records(3, 0), ...records(0, 0), ...records(3, 1)].reverse(),
      { ...CLEAN, promised: 15, stored: 15, requests: { accepted: 3, refused: 0, unknown: 0 } },
    ],
    ['refused and absent', [other('refused', 0, 0)], [], CLEAN],
    ['unknown and absent', [other('unknown', 0, 0)], [], { ...CLEAN, unknownAbsent: 1 }],
    ['unknown and stored', [other('unknown', 0, 0)], records(0, 0), { ...CLEAN, unknownStored: 1 }],
    [
      'one record of five is lost',
      [accepted(0, 0)],
      records(0, 0).slice(1),
      { ...CLEAN, lost: 1, ok: false, examples: ['lost run/0/0#0'] },
    ],
    ['a whole request is lost', [accepted(0, 0)], [], { ...CLEAN, lost: 5, ok: false }],
    [
      'stored under other ids than were answered',
      [accepted(0, 0)],
      records(0, 0).map((one) => ({ ...one, id: one.id.replace('65f0', '65f1') })),
      { ...CLEAN, lost: 5, ok: false },
    ],
    [
      'one id differs from what was answered',
      [accepted(0, 0)],
      [...records(0, 0).slice(1), record(0, 0, 0, { id: 'f'.repeat(24) })],
      { ...CLEAN, lost: 5, ok: false },
    ],
    ['refused, yet stored', [other('refused', 0, 0)], records(0, 0), { ...CLEAN, phantom: 5, ok: false }],
    ['never asked for: unknown user', [accepted(0, 0)], [...records(0, 0), record(7, 0, 0)], { phantom: 1, ok: false }],
    ['never asked for: iteration', [accepted(0, 0)], [...records(0, 0), record(0, 1, 0)], { phantom: 1, ok: false }],
    ['a sixth record', [accepted(0, 0)], [...records(0, 0), record(0, 0, 5)], { phantom: 1, lost: 0, ok: false }],
    [
      'one (origin, index) under two ids',
      [accepted(0, 0)],
      [...records(0, 0), record(0, 0, 2, { id: 'e'.repeat(24) })],
      { ...CLEAN, double: 1, stored: 6, ok: false, examples: ['double run/0/0#2'] },
    ],
    [
      'a redelivery that made all ids anew',
      [accepted(0, 0)],
      [...records(0, 0), ...records(0, 0).map((one) => ({ ...one, id: one.id.replace('65f0', '65f1') }))],
      { ...CLEAN, double: 5, ok: false },
    ],
    ['double of an unknown', [other('unknown', 0, 0)], [...records(0, 0), record(0, 0, 1)], { double: 1, ok: false }],
    [
      'another payload',
      [accepted(0, 0)],
      [record(0, 0, 0, { intact: false }), ...records(0, 0).slice(1)],
      { ...CLEAN, corrupt: 1, ok: false },
    ],
    [
      'unknown and stored in part',
      [other('unknown', 0, 0)],
      records(0, 0).slice(0, 2),
      { ...CLEAN, torn: 1, ok: false },
    ],
  ];
  test.each(cases)('%s', async (_name, witness, found, expected) => {
    expect(await balance(witness, found)).toMatchObject(expected);
  });

  describe('a dead letter', () => {
    const witness = [accepted(0, 0), other('refused', 0, 1)];
    const stored = records(0, 0).slice(1);
    test.each<[string, Found, Partial<Ledger>]>([
      ['accounts for its record', record(0, 0, 0), { dead: 1, lost: 0, ok: true }],
      ['of another id is not the record', record(0, 0, 0, { id: 'f'.repeat(24) }), { lost: 5, ok: false }],
      ['with another payload is not the record', record(0, 0, 0, { intact: false }), { dead: 0, lost: 1, ok: false }],
      ['of a record that is stored accounts for no other', record(0, 0, 2), { dead: 0, lost: 1, ok: false }],
      ['of a refused request accounts for no other', record(0, 1, 0), { dead: 0, lost: 1, ok: false }],
      ['of an unknown request accounts for no other', record(0, 7, 0), { dead: 0, lost: 1, ok: false }],
    ])('%s', async (_name, dead, expected) => expect(await balance(witness, stored, [dead])).toMatchObject(expected));

    test('counts once', async () => {
      const twice = [record(0, 0, 0), record(0, 0, 0)];
      expect(await balance(witness, stored.slice(1), twice)).toMatchObject({ dead: 1, lost: 1, ok: false });
    });

    test('that was not expected fails the run, even if nothing is missing', async () => {
      expect(await balance([accepted(0, 0)], records(0, 0), [], 1)).toMatchObject({
        ...CLEAN,
        unexpectedDead: 1,
        ok: false,
      });
    });
  });

  test('shows a few examples of each kind, not all', async () => {
    const witness = Array.from({ length: 20 }, (_, i) => accepted(0, i));
    const { examples, lost } = await balance(witness, []);
    expect(lost).toBe(100);
    expect(examples).toHaveLength(5);
  });
});
