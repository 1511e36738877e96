// Admission: never more requests inside than the limit, first come, first served. Clients that have
// left or are slow hold up no one.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { until } from '../../test/until.ts';
import { Admission, type AdmissionOptions } from './admission.ts';
import type { ApiResponse } from './answer.ts';
import type { WithBody } from './body.ts';
import { sendErrorEarly } from './http-error.ts';
import { head, RawClient } from './raw.testing.ts';

interface Inside {
  readonly name: string;
  readonly body: string | undefined;
  readonly res: ApiResponse;
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server behind an admission; requests stay inside until the test ends them. */
async function scene(options: Partial<AdmissionOptions> = {}) {
  const inside: Inside[] = [];
  const refused: [string, number, string | undefined][] = [];
  const admission = new Admission({
    limit: 2,
    maxWaitMs: 60_000,
    bodyLimitBytes: 1_000,
    bodiesBytes: 100_000,
    refuse: (req, res, error, reason) => {
      refused.push([req.url!, error.status, reason]);
      sendErrorEarly(req, res, error);
    },
    ...options,
  });
  let arrived = 0;
  const listener = (req: IncomingMessage, res: ApiResponse): void => {
    arrived++;
    res.locals = { requestId: 'r' };
    const enter = () => inside.push({ name: req.url!, body: (req as WithBody).rawBody?.toString(), res });
    admission.handle(req, res, () => void enter());
  };
  server = createServer(listener as never);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  /** Sends a request, and waits until the server has seen its headers. */
  const arrive = async (name: string, body?: string, contentLength = body?.length): Promise<RawClient> => {
    const before = arrived;
    const headers = contentLength === undefined ? undefined : { 'Content-Length': contentLength };
    const client = await RawClient.open(port, head(body === undefined ? 'GET' : 'POST', headers, name) + (body ?? ''));
    await until(() => arrived > before);
    return client;
  };
  const names = () => inside.map(({ name }) => name);
  const end = (name: string) => inside.find((one) => one.name === name)!.res.end();
  return { admission, inside, refused, port, arrive, names, end };
}

describe('turns', () => {
  test('lets as many in as the limit allows, and the others in order, one for each that ends', async () => {
    const { arrive, names, end, admission } = await scene();
    for (const name of ['/a', '/b', '/c', '/d']) await arrive(name);
    expect(names()).toEqual(['/a', '/b']);
    expect(admission.waiting).toBe(2);
    end('/b');
    expect(names()).toEqual(['/a', '/b', '/c']);
    expect(admission.waiting).toBe(1);
    end('/a');
    expect(names()).toEqual(['/a', '/b', '/c', '/d']);
  });

  test('who left while waiting loses the turn', async () => {
    const { arrive, names, end, admission } = await scene({ limit: 1 });
    await arrive('/a');
    const b = await arrive('/b', 'body');
    await until(() => admission.waiting === 1);
    await arrive('/c');
    b.socket.destroy();
    await until(() => admission.heldBytes === 0);
    end('/a');
    expect(names()).toEqual(['/a', '/c']);
  });

  test('a client that leaves while it is served gives its turn back', async () => {
    const { arrive, names } = await scene({ limit: 1 });
    const a = await arrive('/a');
    await arrive('/b');
    a.socket.destroy();
    await until(() => names().includes('/b'));
  });

  test('who waits too long is turned away at that moment, though no turn ends', async () => {
    const { arrive, names, end, refused, admission } = await scene({ limit: 1, maxWaitMs: 50 });
    await arrive('/a');
    const b = await arrive('/b');
    const c = await arrive('/c', 'body');
    expect(await b.answers(1)).toEqual([503]);
    expect(await c.answers(1)).toEqual([503]);
    expect(b.received).toMatch(/"OVERLOADED"/);
    expect(b.received).toMatch(/retry-after: 1/);
    expect(refused).toEqual([
      ['/b', 503, 'waited'],
      ['/c', 503, 'waited'],
    ]);
    expect(admission).toMatchObject({ waiting: 0, heldBytes: 0 });
    end('/a');
    await arrive('/d');
    expect(names()).toEqual(['/a', '/d']);
  });

  test('handlers that answer at once do not pile up on the stack', () => {
    let served = 0;
    const admission = new Admission({
      limit: 1,
      maxWaitMs: 60_000,
      bodyLimitBytes: 1,
      bodiesBytes: 1,
      refuse: () => undefined,
    });
    const answers = Array.from({ length: 25_000 }, () => {
      let leave = () => {};
      const res = {
        writableLength: 0,
        on: (event: string, call: () => void) => {
          if (event === 'prefinish') leave = call;
        },
      };
      admission.handle({ headers: {} } as IncomingMessage, res as never, () => {
        // All but the first answer at once.
        if (served++ > 0) leave();
      });
      return leave;
    });
    expect(served).toBe(1);
    answers[0]!();
    expect(served).toBe(25_000);
  });
});

describe('bodies', () => {
  test('those who send slowly hold no turn', async () => {
    const { arrive, names, inside } = await scene({ limit: 1 });
    const slow = await arrive('/slow', 'ha', 4);
    await arrive('/honest');
    expect(names()).toEqual(['/honest']);
    inside[0]!.res.end();
    slow.socket.write('lf');
    await until(() => names().includes('/slow'));
    expect(inside[1]!.body).toBe('half');
  });

  test('a larger one than the limit is refused at once, whether it says so or not', async () => {
    const { arrive, refused, port, admission } = await scene();
    const declared = await arrive('/declared', 'x', 1_001);
    expect(await declared.answers(1)).toEqual([413]);
    const chunked = await RawClient.open(port, head('POST', { 'Transfer-Encoding': 'chunked' }, '/chunked'));
    for (let sent = 0; sent < 2; sent++) chunked.socket.write(`1f4\r\n${'x'.repeat(500)}\r\n`);
    chunked.socket.write('1\r\nx\r\n');
    expect(await chunked.answers(1)).toEqual([413]);
    expect(refused.map(([name, status, reason]) => [name, status, reason])).toEqual([
      ['/declared', 413, undefined],
      ['/chunked', 413, undefined],
    ]);
    expect(admission.heldBytes).toBe(0);
    // Neither sends the rest: the connections end.
    await Promise.all([declared.end(), chunked.end()]);
  });

  test('a client that sends the rest of a refused body keeps its connection', async () => {
    const { arrive, names } = await scene();
    const client = await arrive('/large', 'x'.repeat(5_000));
    expect(await client.answers(1)).toEqual([413]);
    client.socket.write(head('GET', {}, '/next'));
    await until(() => names().includes('/next'));
  });

  test('all together stay within the budget: 503 beyond it, and room again when one leaves', async () => {
    const { arrive, refused, admission, names } = await scene({ bodyLimitBytes: 10_000, bodiesBytes: 10_000 });
    const first = await arrive('/first', 'x'.repeat(6_000), 6_001);
    await until(() => admission.heldBytes > 6_000);
    const second = await arrive('/second', 'x'.repeat(6_000));
    expect(await second.answers(1)).toEqual([503]);
    expect(second.received).toMatch(/retry-after: 1/);
    expect(refused).toEqual([['/second', 503, 'bodies']]);
    first.socket.destroy();
    await until(() => admission.heldBytes === 0);
    await arrive('/third', 'x'.repeat(6_000));
    await until(() => names().includes('/third'));
  });

  test('one that comes byte by byte costs what it holds in memory', async () => {
    const { port, admission } = await scene();
    const client = await RawClient.open(port, head('POST', { 'Transfer-Encoding': 'chunked' }));
    for (let i = 0; i < 100; i++) client.socket.write('1\r\nx\r\n');
    await until(() => admission.heldBytes > 50_000);
    client.socket.destroy();
    await until(() => admission.heldBytes === 0);
  });

  test('few large ones are worked on at once; one alone always is', async () => {
    const { arrive, names, end, admission } = await scene({ bodyLimitBytes: 4_000, bodiesBytes: 16_000 });
    await arrive('/a', 'x'.repeat(3_000));
    await until(() => names().length === 1);
    await arrive('/b', 'x'.repeat(3_000));
    await until(() => admission.waiting === 1);
    expect(names()).toEqual(['/a']);
    end('/a');
    expect(names()).toEqual(['/a', '/b']);
  });
});

test('what a request reads counts while it is inside, at the size of reads lately', async () => {
  let size = 0;
  const { arrive, names, end, admission } = await scene({ bodiesBytes: 10_000, readBytes: () => size });
  await arrive('/a');
  size = 3_000;
  await arrive('/b');
  expect(admission.waiting).toBe(1);
  end('/a');
  expect(names()).toEqual(['/a', '/b']);
  size = 0;
  end('/b');
  for (const name of ['/c', '/d']) await arrive(name);
  expect(names()).toEqual(['/a', '/b', '/c', '/d']);
});

describe('answers', () => {
  test('those who take a large answer slowly hold no turn, but memory', async () => {
    const { arrive, inside, admission, names } = await scene({ limit: 1, bodiesBytes: 100_000_000 });
    const slow = await arrive('/slow');
    slow.socket.pause();
    inside[0]!.res.end('x'.repeat(20_000_000));
    await arrive('/next');
    expect(names()).toEqual(['/slow', '/next']);
    expect(admission.heldBytes).toBeGreaterThan(1_000_000);
    slow.socket.destroy();
    await until(() => admission.heldBytes === 0);
  });
});
