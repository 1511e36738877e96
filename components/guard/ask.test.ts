// How the running stack is asked, and how its answers are read.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { type Run, run } from '../../tooling/run.ts';
import { failed } from '../cluster/cluster.testing.ts';
import { type Access, ask, brokersAnswer, queueAnswer } from './ask.ts';

const access: Access = { kubeconfig: '/k.yaml', context: 'c', namespace: 'ns', apiPort: 8001 };

const stats = (lag: number | null, accepted: number | null, deadLetters: number | null = 0) => ({
  lag,
  accepted,
  deadLetters,
});

describe('the queue', () => {
  test.each([
    ['empty', [stats(0, 10), stats(0, 10)], { lag: 0, deadLetters: 0, arriving: 0 }],
    ['busy', [stats(5, 10), stats(7, 12, 1)], { lag: 7, deadLetters: 1, arriving: 2 }],
    ['away', [stats(null, null, null), stats(null, null, null)], { error: 'the queue does not answer the API' }],
    ['away at first', [stats(null, null, null), stats(0, 10)], { error: 'the queue does not answer the API' }],
  ])('%s', (_name, printed, expected) => {
    expect(queueAnswer(JSON.stringify(printed))).toEqual(expected);
  });
});

const pod = (image: string, state?: { readonly restartCount: number; readonly waiting?: object }) => ({
  spec: {
    containers: [
      { name: 'agent', image: 'topics:9.9.9' },
      { name: 'kafka', image },
    ],
  },
  ...(state && {
    status: {
      containerStatuses: [{ name: 'kafka', restartCount: state.restartCount, state: { waiting: state.waiting } }],
    },
  }),
});

test('the versions that brokers ran: not those whose image never came', () => {
  const items = [
    pod('apache/kafka:4.1.1@sha256:ab', { restartCount: 0 }),
    pod('mirror:5000/apache/kafka:4.2.0', { restartCount: 3, waiting: {} }),
    pod('apache/kafka:4.9.9', { restartCount: 0, waiting: {} }),
    pod('apache/kafka:4.8.8'),
  ];
  expect(brokersAnswer({ items })).toEqual({ versions: ['4.1.1', '4.2.0'] });
});

describe('asking', () => {
  test('goes to the cluster that the stack is up in, and nowhere without a question', async () => {
    const calls: (readonly string[])[] = [];
    const kubectl: Run = async (_program, args) => {
      calls.push(args);
      return args.includes('exec') ? JSON.stringify([stats(0, 1), stats(0, 1)]) : JSON.stringify({ items: [] });
    };
    expect(await ask([], access, kubectl)).toEqual({});
    expect(calls).toEqual([]);
    expect(await ask(['queue', 'brokers'], access, kubectl)).toEqual({
      queue: { lag: 0, deadLetters: 0, arriving: 0 },
      brokers: { versions: [] },
    });
    for (const args of calls) expect(args.slice(0, 2)).toEqual(['--kubeconfig=/k.yaml', '--context=c']);
    expect(calls[0]).toEqual(expect.arrayContaining(['exec', 'ns-api', 'deployment/api', 'api', 'node']));
    expect(calls[0]?.at(-1)).toContain('http://127.0.0.1:8001/api/stats');
    expect(calls[1]).toEqual(expect.arrayContaining(['ns', '--selector=app.kubernetes.io/name=kafka']));
  });

  test('looks twice, from within the pod of the API', async () => {
    let looks = 0;
    const server = createServer((_request, response) => {
      looks += 1;
      response.end(JSON.stringify(stats(4, 100 * looks)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const kubectl: Run = (_program, args) => run(process.execPath, args.slice(-2));
      const { queue } = await ask(['queue'], { ...access, apiPort: port }, kubectl);
      expect(queue).toEqual({ lag: 4, deadLetters: 0, arriving: 100 });
    } finally {
      server.close();
    }
  });

  test('gives the reason where nobody answers', async () => {
    const kubectl: Run = async () => {
      throw failed('deployments.apps "api" not found');
    };
    expect(await ask(['queue', 'brokers'], access, kubectl)).toEqual({
      queue: { error: 'deployments.apps "api" not found' },
      brokers: { error: 'deployments.apps "api" not found' },
    });
  });

  test('gives the reason where the answer is no answer', async () => {
    const { queue } = await ask(['queue'], access, async () => 'Unexpected');
    expect(queue).toEqual({ error: expect.stringContaining('JSON') });
  });

  test('runs what is on the PATH by itself', async () => {
    const { brokers } = await ask(['brokers'], { ...access, kubeconfig: '/no/such/kubeconfig' });
    expect(brokers).toEqual({ error: expect.any(String) });
  });
});
