// The console's server: the page, its events, its login and its controls, and what it refuses.
import { request } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { silent } from '../../test/api.ts';
import { until } from '../../test/until.ts';
import { snapshot } from './console.testing.ts';
import type { LoadState } from './controls.ts';
import { pointOf } from './history.ts';
import type { Live, Tick } from './live.ts';
import { type ConsoleServer, type ConsoleServerOptions, type Controls, startConsoleServer } from './server.ts';

const servers: ConsoleServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const one = snapshot();
const tick: Tick = { snapshot: one, point: pointOf(one), problems: [] };

/** A loop that ticks when the test says so. */
function fakeLive() {
  const listeners = new Set<(tick: Tick) => void>();
  const live: Live = {
    points: [tick.point],
    latest: tick,
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => undefined,
  };
  return { live, listeners, tick: () => void [...listeners].map((listener) => listener(tick)) };
}

function fakeControls() {
  const did: string[] = [];
  const state: LoadState = { profile: 'smoke', running: true, stopping: false, progress: undefined };
  const controls: Controls = {
    profiles: [{ name: 'smoke', question: '?', users: 1, seconds: 2 }],
    load: {
      state,
      start: (profile) => void did.push(`start ${profile}`),
      stop: () => void did.push('stop'),
      close: async () => undefined,
    },
    async setRate(rate) {
      did.push(`rate ${rate}`);
      return { rate: Number(rate) };
    },
  };
  return { controls, did };
}

async function serve(more: Partial<ConsoleServerOptions> = {}) {
  const viewers: number[] = [];
  const fake = fakeLive();
  const server = await startConsoleServer({
    host: '127.0.0.1',
    port: 0,
    live: fake.live,
    stack: 'dev',
    queue: 'Kafka',
    store: 'MySQL',
    login: undefined,
    controls: undefined,
    onViewers: (count) => void viewers.push(count),
    logger: silent,
    ...more,
  });
  servers.push(server);
  return { ...fake, viewers, server, url: `http://127.0.0.1:${server.port}` };
}

/** Opens the stream and collects its events. */
async function listen(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const response = await fetch(`${url}/events`, { headers, signal: abort.signal });
  // biome-ignore lint/suspicious/noExplicitAny: events of every shape
  const events: { event: string; data: any }[] = [];
  let text = '';
  let ended = false;
  const read = async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const parts = text.split('\n\n');
      text = parts.pop()!;
      for (const part of parts) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? [];
        if (event) events.push({ event, data: JSON.parse(data!) });
      }
    }
  };
  void read()
    .catch(() => undefined)
    .finally(() => (ended = true));
  return { response, events, close: () => abort.abort(), ended: () => ended };
}

/** Sets a header that fetch does not allow to set. */
const statusOf = (port: number, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const req = request({ port, host: '127.0.0.1', path: '/', headers: { host } }, (res) => {
      res.resume();
      resolve(res.statusCode);
    });
    req.once('error', reject).end();
  });

test('idle connections outlive those of a proxy, which keeps them for 90 s', async () => {
  const { url } = await serve();
  const page = await fetch(url);
  await page.text();
  expect(Number(/timeout=(\d+)/.exec(page.headers.get('keep-alive')!)?.[1])).toBeGreaterThan(90);
});

describe('the page', () => {
  test('is compressed, has an ETag and a strict content security policy', async () => {
    const { url } = await serve();
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-encoding')).toBe('gzip');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(await page.text()).toContain('<title>Breakwater</title>');
    const again = await fetch(url, { headers: { 'if-none-match': page.headers.get('etag')! } });
    expect(again.status).toBe(304);
    const plain = await fetch(`${url}/main.js`, { headers: { 'accept-encoding': 'identity' } });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.headers.get('content-type')).toContain('javascript');
  });

  test('has all its files, and loads none from elsewhere', async () => {
    const { url } = await serve();
    const html = await (await fetch(url)).text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links).toEqual(expect.arrayContaining(['main.js', 'style.css', 'uplot.css', 'favicon.svg']));
    const seen = new Set<string>();
    const follow = async (file: string): Promise<void> => {
      if (seen.has(file)) return;
      seen.add(file);
      const answer = await fetch(`${url}/${file}`);
      expect([file, answer.status]).toEqual([file, 200]);
      const text = await answer.text();
      if (file.endsWith('.js')) for (const [, name] of text.matchAll(/from '\.\/([^']+)'/g)) await follow(name!);
    };
    for (const link of links) await follow(link);
    expect(seen.has('uplot.js')).toBe(true);
  });

  test('is small', async () => {
    const { url } = await serve();
    const files = ['', 'style.css', 'uplot.css', 'uplot.js', 'favicon.svg'];
    files.push(
      ...['main', 'connection', 'controls', 'format', 'health', 'history', 'path', 'plots'].map((n) => `${n}.js`),
    );
    const size = async (file: string) =>
      new Promise<number>((resolve) =>
        request(`${url}/${file}`, { headers: { 'accept-encoding': 'gzip' } }, (res) => {
          let bytes = 0;
          res.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('end', () => resolve(bytes));
        }).end(),
      );
    const sizes = await Promise.all(files.map(size));
    expect(sizes.reduce((sum, bytes) => sum + bytes)).toBeLessThan(50 * 1024);
  });

  test.each([
    ['GET', '/nothing', 404],
    ['GET', '/../server.ts', 404],
    ['GET', '/uplot.d.ts', 404],
    ['POST', '/', 405],
    ['DELETE', '/events', 405],
  ])('%s %s: %d', async (method, path, status) => {
    const { url } = await serve();
    const answer = await fetch(url + path, { method });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ status: 'error', code: expect.any(String) });
  });
});

describe('the events', () => {
  test('begin with the last five minutes; ticks follow', async () => {
    const { url, tick: next, viewers, listeners } = await serve();
    const { response, events, close } = await listen(url);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({
      event: 'hello',
      data: {
        stack: 'dev',
        queue: 'Kafka',
        store: 'MySQL',
        points: [tick.point],
        profiles: null,
        tick: { load: null },
      },
    });
    expect(events[0]!.data.columns).toHaveLength(tick.point.length);
    next();
    await until(() => events.length === 2);
    expect(events[1]).toMatchObject({ event: 'tick', data: { snapshot: { at: one.at }, problems: [] } });
    close();
    await until(() => viewers.at(-1) === 0);
    expect(viewers).toEqual([1, 0]);
    expect(listeners.size).toBe(0); // no page is open: the loop may slow down
  });

  test('end with the server', async () => {
    const { url, server } = await serve();
    const { events, ended } = await listen(url);
    await until(() => events.length === 1);
    await server.close();
    await until(ended);
  });

  test('are sent to at most a hundred pages', async () => {
    const { url } = await serve();
    const streams = await Promise.all(Array.from({ length: 100 }, () => listen(url)));
    const more = await fetch(`${url}/events`);
    expect(more.status).toBe(503);
    expect(await more.json()).toMatchObject({ code: 'TOO_MANY_PAGES' });
    for (const { close } of streams) close();
  });
});

describe('access', () => {
  test('with a login: for those who know it, under any name of the page', async () => {
    const { url } = await serve({ login: { user: 'viewer', password: 'right' } });
    for (const path of ['/', '/events', '/main.js', '/control/rate']) {
      const answer = await fetch(url + path);
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toContain('Basic');
    }
    const authorization = `Basic ${btoa('viewer:right')}`;
    expect((await fetch(url, { headers: { authorization } })).status).toBe(200);
    const { events } = await listen(url, { authorization });
    await until(() => events.length === 1);
  });

  test('without a login: only under a name of this machine', async () => {
    const { server } = await serve();
    expect(await statusOf(server.port, `localhost:${server.port}`)).toBe(200);
    expect(await statusOf(server.port, 'evil.example')).toBe(421);
  });
});

describe('the controls', () => {
  const order = (url: string, method: string, name: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}/control/${name}`, {
      method,
      headers: { 'content-type': 'application/json', origin: url, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  test.each([
    ['PUT', 'rate', { rate: 1 }],
    ['POST', 'load', { profile: 'smoke' }],
    ['DELETE', 'load', {}],
  ])('are refused where the page has none: %s %s', async (method, name, body) => {
    const { url } = await serve();
    const answer = await order(url, method, name, body);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'NO_CONTROLS' });
  });

  test('set the rate, and start and stop a load test', async () => {
    const { controls, did } = fakeControls();
    const { url } = await serve({ controls });
    expect(await (await order(url, 'PUT', 'rate', { rate: 40 })).json()).toEqual({ rate: 40 });
    expect(await (await order(url, 'POST', 'load', { profile: 'smoke' })).json()).toMatchObject({ running: true });
    expect((await order(url, 'DELETE', 'load', {})).status).toBe(200);
    expect(did).toEqual(['rate 40', 'start smoke', 'stop']);
    const { events } = await listen(url);
    await until(() => events.length === 1);
    expect(events[0]!.data).toMatchObject({ profiles: [{ name: 'smoke' }], tick: { load: { profile: 'smoke' } } });
  });

  test.each<[string, string, string, unknown, Record<string, string>, number]>([
    ["another site's page", 'POST', 'load', { profile: 'smoke' }, { origin: 'http://evil.example' }, 403],
    ['a form', 'POST', 'load', 'profile=smoke', { 'content-type': 'text/plain' }, 415],
    ['invalid JSON', 'PUT', 'rate', '{', {}, 400],
    ['a large body', 'PUT', 'rate', ' '.repeat(20_000), {}, 413],
    ['an unknown control', 'PUT', 'load', {}, {}, 404],
    ['an empty command', 'PUT', 'rate', 'null', {}, 200],
  ])('%s: %s %s', async (_what, method, name, body, headers, status) => {
    const { controls, did } = fakeControls();
    const { url } = await serve({ controls });
    expect((await order(url, method, name, body, headers)).status).toBe(status);
    if (status !== 200) expect(did).toEqual([]);
  });
});
