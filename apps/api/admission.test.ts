// Admission: never more inside than the limit, first come first served, and nobody waits for a client that left.
import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { admit } from './admission.ts';

class Answer extends EventEmitter {
  destroyed = false;
  end() {
    this.emit('close');
  }
  leave() {
    this.destroyed = true;
    this.emit('close');
  }
}

function scene(limit: number) {
  const inside: string[] = [];
  const shed: string[] = [];
  const clock = { now: 0 };
  const answers = new Map<string, Answer>();
  const admission = admit((req) => void inside.push(req.url!), {
    limit,
    maxWaitMs: 1_000,
    shed: (req) => void shed.push(req.url!),
    now: () => clock.now,
  });
  const arrive = (url: string) => {
    const answer = new Answer();
    answers.set(url, answer);
    admission.handler({ url } as IncomingMessage, answer as unknown as ServerResponse);
    return answer;
  };
  return { inside, shed, clock, arrive, waiting: admission.waiting };
}

test('lets so many in and the others in order, one for each that ends', () => {
  const { inside, arrive, waiting } = scene(2);
  const [a, b] = ['/api/a', '/api/b', '/api/c', '/api/d'].map(arrive);
  expect(inside).toEqual(['/api/a', '/api/b']);
  expect(waiting()).toBe(2);
  b!.end();
  expect(waiting()).toBe(1);
  expect(inside).toEqual(['/api/a', '/api/b', '/api/c']);
  a!.end();
  expect(inside).toEqual(['/api/a', '/api/b', '/api/c', '/api/d']);
});

test('who left while waiting loses the turn', () => {
  const { inside, arrive } = scene(1);
  const [a, b] = ['/api/a', '/api/b', '/api/c'].map(arrive);
  b!.leave();
  a!.end();
  expect(inside).toEqual(['/api/a', '/api/c']);
});

test('a place that nobody waits for is free again', () => {
  const { inside, arrive } = scene(1);
  for (const name of ['/api/a', '/api/b', '/api/c']) arrive(name).end();
  expect(inside).toHaveLength(3);
  arrive('/api/d');
  arrive('/api/e');
  expect(inside).toHaveLength(4);
});

test('who waited too long is turned away, and the place goes to the next', () => {
  const { inside, shed, clock, arrive } = scene(1);
  const a = arrive('/api/a');
  arrive('/api/b');
  clock.now = 500;
  arrive('/api/c');
  clock.now = 1_001;
  a.end();
  expect(shed).toEqual(['/api/b']);
  expect(inside).toEqual(['/api/a', '/api/c']);
});

test('probes pass at once', () => {
  const { inside, arrive } = scene(1);
  for (const name of ['/api/a', '/api/b', '/healthz', '/readyz']) arrive(name);
  expect(inside).toEqual(['/api/a', '/healthz', '/readyz']);
});

test('a long line keeps its order', () => {
  const { inside, arrive } = scene(1);
  const names = Array.from({ length: 25_000 }, (_, i) => `/api/${i}`);
  const answers = names.map(arrive);
  for (const answer of answers) answer.end();
  expect(inside).toEqual(names);
});
