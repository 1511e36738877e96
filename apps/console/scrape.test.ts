import type { RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Counter, Histogram, Registry } from 'prom-client';
import { LocalServer } from '../../test/local-server.ts';
import { freePort } from '../../tooling/ports.ts';
import { parsePrometheus, scrape } from './scrape.ts';

const servers: LocalServer[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())).then(() => undefined));

async function serve(listener: RequestListener): Promise<string> {
  const server = await LocalServer.start(listener);
  servers.push(server);
  return server.address;
}

test('reads the metrics of a process', async () => {
  const address = await serve(
    (req, res) => void res.end(req.url === '/metrics' ? 'breakwater_gate_queue_length 3\n' : ''),
  );
  expect((await scrape('gate', address)).gauges).toEqual(new Map([['waiting', 3]]));
});

describe('the reason why a process does not answer', () => {
  test.each<[string, RequestListener, string]>([
    ['an error', (_req, res) => void res.writeHead(500).end(), 'HTTP status 500'],
    ['other content', (_req, res) => void res.end('<html>'), 'unreadable answer: not a metric: <html>'],
    ['a broken connection', (req) => void req.socket.destroy(), 'connection reset'],
  ])('%s', async (_what, listener, reason) => {
    await expect(scrape('api', await serve(listener))).rejects.toThrow(reason);
  });

  test('a closed port', async () => {
    await expect(scrape('api', `127.0.0.1:${await freePort()}`)).rejects.toThrow('connection refused');
  });

  test('a process that hangs', async () => {
    await expect(scrape('api', await serve(() => {}))).rejects.toThrow('no answer within 3 s');
  });
});

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
      'escaped characters in a label',
      'a{b="}\\" \\\\ \\n,c=\\"d"} 1',
      [{ name: 'a', labels: { b: '}" \\ \n,c="d' }, value: 1 }],
    ],
    ['infinity', 'a{le="+Inf"} +Inf', [{ name: 'a', labels: { le: '+Inf' }, value: Number.POSITIVE_INFINITY }]],
    ['minus infinity', 'a -Inf', [{ name: 'a', labels: {}, value: Number.NEGATIVE_INFINITY }]],
    ['not a number', 'a NaN', [{ name: 'a', labels: {}, value: Number.NaN }]],
    ['not a number, as prom-client writes it', 'a Nan', [{ name: 'a', labels: {}, value: Number.NaN }]],
  ])('reads %s', (_what, text, samples) => {
    expect(parsePrometheus(text)).toEqual(samples);
  });

  test.each([['<html>'], ['a'], ['a b'], ['a{b} 1'], ['a{b="c} 1'], ['a{b="c"d="e"} x'], ['1a 1']])(
    'refuses %s',
    (text) => {
      expect(() => parsePrometheus(text)).toThrow(expect.objectContaining({ code: 'BAD_METRICS' }));
    },
  );

  test('reads what the apps write', async () => {
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
