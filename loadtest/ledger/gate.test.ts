import { expect, test } from '@jest/globals';
import { GateLog } from './gate.ts';

const log = (limit: number, ...seconds: [number, number][]) => {
  const gate = new GateLog();
  gate.add({ limit, seconds });
  return gate;
};

test.each([
  ['within', log(100, [10, 100], [11, 50]), { ok: true, maxOperations: 100, meanOperations: 75, above: [] }],
  ['one second above', log(100, [10, 101], [11, 50]), { ok: false, above: [[10, 101]] }],
  ['no limit', log(0, [10, 5000]), { ok: true, maxOperations: 5000 }],
  ['outside of the run', log(100, [9, 500], [10, 1], [13, 500]), { ok: true, maxOperations: 1, seconds: 1 }],
  ['no second of the run is known', log(100, [1, 1]), { ok: false, seconds: 0 }],
])('%s', (_name, gate, expected) => expect(gate.verdict(10, 12)).toMatchObject(expected));

test('a later answer replaces the seconds that were still running', () => {
  const gate = log(100, [10, 3]);
  gate.add({ limit: 100, seconds: [[10, 120]] });
  expect(gate.verdict(10, 10)).toMatchObject({ ok: false, maxOperations: 120 });
});
