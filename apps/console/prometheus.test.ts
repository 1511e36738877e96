import { describe, expect, test } from '@jest/globals';
import { Counter, Histogram, Registry } from 'prom-client';
import { parsePrometheus } from './prometheus.ts';

describe('the Prometheus text format', () => {
  test.each<[string, string, unknown[]]>([
    ['nothing', '', []],
    ['comments and blank lines', '# HELP a b\n# TYPE a counter\n\n', []],
    ['a bare number', 'up 1', [{ name: 'up', labels: {}, value: 1 }]],
    ['empty labels', 'up{} 1', [{ name: 'up', labels: {}, value: 1 }]],
    [
      'a timestamp and spaces',
      ' up{a="b"}  1.5e3 1700000000000\r\n',
      [{ name: 'up', labels: { a: 'b' }, value: 1500 }],
    ],
    ['several labels', 'a{b="1", c="2",} 3', [{ name: 'a', labels: { b: '1', c: '2' }, value: 3 }]],
    [
      'what ends a label, quoted',
      'a{b="}\\" \\\\ \\n,c=\\"d"} 1',
      [{ name: 'a', labels: { b: '}" \\ \n,c="d' }, value: 1 }],
    ],
    ['infinity', 'a{le="+Inf"} +Inf', [{ name: 'a', labels: { le: '+Inf' }, value: Number.POSITIVE_INFINITY }]],
    ['minus infinity', 'a -Inf', [{ name: 'a', labels: {}, value: Number.NEGATIVE_INFINITY }]],
    ['no number', 'a NaN', [{ name: 'a', labels: {}, value: Number.NaN }]],
    ['no number, as prom-client writes it', 'a Nan', [{ name: 'a', labels: {}, value: Number.NaN }]],
  ])('reads %s', (_what, text, samples) => {
    expect(parsePrometheus(text)).toEqual(samples);
  });

  test.each([['<html>'], ['a'], ['a b'], ['a{b} 1'], ['a{b="c} 1'], ['a{b="c"d="e"} x'], ['1a 1']])(
    'refuses %s',
    (text) => {
      expect(() => parsePrometheus(text)).toThrow(expect.objectContaining({ code: 'BAD_METRICS' }));
    },
  );

  test('reads what our apps write', async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ app: 'it' });
    new Counter({ name: 'hits_total', help: 'Hits', labelNames: ['path'], registers: [registry] }).inc(
      { path: '"\\\n' },
      3,
    );
    new Histogram({ name: 'took_seconds', help: 'Took', buckets: [0.1], registers: [registry] }).observe(0.05);
    const of = (name: string) => samples.filter((sample) => sample.name === name);
    const samples = parsePrometheus(await registry.metrics());
    expect(of('hits_total')).toEqual([{ name: 'hits_total', labels: { path: '"\\\n', app: 'it' }, value: 3 }]);
    expect(of('took_seconds_bucket').map(({ labels, value }) => [labels.le, value])).toEqual([
      ['0.1', 1],
      ['+Inf', 1],
    ]);
  });
});
