import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LocalServer } from '../test/local-server.ts';
import { call, getJson } from './http.ts';

let server: LocalServer;
let base: string;
beforeAll(async () => {
  server = await LocalServer.start(async (req, res) => {
    if (req.url === '/silent') return;
    if (req.url === '/missing') return void res.writeHead(404).end('{}');
    const { host, 'content-type': type } = req.headers;
    res.end(JSON.stringify({ method: req.method, host, type, body: await text(req) }));
  });
  base = server.url;
});
afterAll(() => server.close());

test('sends the host that the ingress knows', async () => {
  expect(await getJson(new URL('/', base), { host: 'assessment.local' })).toMatchObject({ host: 'assessment.local' });
});
test('sends the host of the address otherwise', async () => {
  expect(await getJson(new URL('/', base))).toMatchObject({ method: 'GET', host: new URL(base).host, body: '' });
});
test('sends JSON', async () => {
  const answer = await call(`${base}/`, { method: 'PUT', body: { rate: 5 } });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.text)).toMatchObject({ method: 'PUT', type: 'application/json', body: '{"rate":5}' });
});
test('says what is wrong', async () => {
  await expect(getJson(new URL('/missing', base))).rejects.toThrow('GET /missing answered 404');
  await expect(call(`${base}/silent`, { timeoutMs: 50 })).rejects.toThrow('no answer within 50 ms');
  await expect(call('http://127.0.0.1:1/')).rejects.toThrow('ECONNREFUSED');
});
