// What every queue must do, as tests: all adapters run them against real servers.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { QueueFullError, QueueOutcomeUnknownError, QueueRefusedError, QueueUnavailableError } from '../errors.ts';
import type { DataRecord, NewRecords } from '../record.ts';
import type { QueueSettings } from './create.ts';
import type { Batch, BatchLimits, Queue, QueueReader, QueueWriter } from './queue.ts';

/** One adapter with its server. */
export interface ContractSubject {
  /** Makes what must be there before a queue of this name can be used. */
  create(name: string): Promise<void>;
  /** Connects to it. */
  open(name: string, options?: { maxLength?: number; maxBytes?: number }): Queue;
  /** Puts bytes into it that are no record. */
  poison(name: string, text: string): Promise<void>;
  /**
   * Kills the server with SIGKILL and starts it again over the same data; `down` runs in between.
   */
  crash(down?: () => Promise<void>): Promise<void>;
  /** Settings with which another process uses the queue. */
  settings(name: string): QueueSettings;
  /** Variables that the other process needs as well. Default none. */
  env?: Readonly<Record<string, string>>;
  /** What a killed consumer had is with another one by then, milliseconds. */
  takeoverMs: number;
  /** Whether it knows the bytes that wait. */
  countsBytes: boolean;
  /** A request with so many bytes can never be accepted; undefined when there is no such limit. */
  oversizeBytes?: number;
}

const LIMITS: BatchLimits = { batchSize: 1_000, batchBytes: 1 << 20, flushIntervalMs: 50 };

/** Declares the tests. Call it once in a test file, with the servers of that file. */
export function queueContract(kind: string, subject: ContractSubject): void {
  const opened: Queue[] = [];
  const children: { kill(): void }[] = [];

  const freshName = async (): Promise<string> => {
    const name = `posts-${randomBytes(4).toString('hex')}`;
    await subject.create(name);
    return name;
  };
  const open = (name: string, options?: { maxLength?: number; maxBytes?: number }): Queue => {
    const queue = subject.open(name, options);
    opened.push(queue);
    return queue;
  };

  describe(`the queue contract: ${kind}`, () => {
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill();
      for (const queue of opened.splice(0)) await queue.close();
    });

    test('records come out as they went in, those accepted before anybody read too, and the depth is exact at each step', async () => {
      const queue = open(await freshName());
      expect(await counts(queue)).toEqual([0, 0, 0]);
      const writer = await queue.writer();
      expect(writer.ready()).toBe(true);
      const texts = ['plain', 'Grüße, 世界 🌊', '"quoted"\n\u0000', '', 'x'.repeat(20_000)];
      const records = await accept(writer, 'first', texts);
      if (subject.countsBytes) expect((await queue.depth()).lagBytes).toBeGreaterThan(20_000);
      expect(await counts(queue)).toEqual([5, 5, 0]);

      const reader = await queue.reader(LIMITS);
      const batch = await next(reader);
      expect(batch.documents.records()).toEqual(records);
      expect(batch.redelivered).toBe(0);
      expect(batch.lost).toBe(0);
      expect(batch.accepted.reduce((sum, group) => sum + group.records, 0)).toBe(5);
      for (const { at } of batch.accepted) expect(Math.abs(Date.now() - at)).toBeLessThan(60_000);
      expect(await counts(queue)).toEqual([5, 5, 0]);
      await batch.acknowledge();
      expect(await counts(queue)).toEqual([5, 0, 0]);

      await writer.accept(request('second', ['one', 'two']));
      expect(await counts(queue)).toEqual([7, 2, 0]);
      await (await next(reader)).acknowledge();
      expect(await counts(queue)).toEqual([7, 0, 0]);
    });

    test('a batch names the traces of its requests, also those that it shares with untraced ones', async () => {
      const queue = open(await freshName());
      const writer = await queue.writer();
      const traced = ['1', '2'].map((digit) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`);
      await Promise.all([
        writer.accept(request('untraced', 2)),
        ...traced.map((traceparent) => writer.accept({ ...request('traced', 2), traceparent })),
      ]);
      const reader = await queue.reader(LIMITS);
      const found: string[] = [];
      while ((await queue.depth()).lag > 0) {
        const batch = await next(reader);
        found.push(...batch.traceparents);
        await batch.acknowledge();
      }
      expect(found.toSorted()).toEqual(traced);
      expect((await queue.depth()).lagBytes).toBe(0);

      await writer.accept(request('untraced', 1));
      expect((await next(reader)).traceparents).toEqual([]);
    });

    test('a batch ends at its number of records or bytes, or when its first record has waited', async () => {
      const queue = open(await freshName());
      const writer = await queue.writer();
      for (let i = 0; i < 5; i++) await accept(writer, 'a', Array(5).fill('y'.repeat(1_000)));
      const byCount = await queue.reader({ batchSize: 10, batchBytes: 1 << 20, flushIntervalMs: 200 });
      expect(await sizes(byCount, 25)).toEqual([10, 10, 5]);
      await byCount.close();

      for (let i = 0; i < 8; i++) await accept(writer, 'b', ['y'.repeat(1_000)]);
      await accept(writer, 'large', ['z'.repeat(9_000)]);
      const byBytes = await queue.reader({ batchSize: 100, batchBytes: 5_000, flushIntervalMs: 200 });
      const counts = await sizes(byBytes, 9);
      expect(Math.max(...counts)).toBeLessThanOrEqual(4);
      expect(counts).toContain(1);

      const begun = performance.now();
      await writer.accept(request('c', ['alone']));
      await (await next(byBytes)).acknowledge();
      expect(performance.now() - begun).toBeGreaterThan(150);
    });

    test('a full queue refuses whole requests and takes them again when there is room', async () => {
      const queue = open(await freshName(), { maxLength: 12 });
      const writer = await queue.writer();
      await writer.accept(request('a', 5));
      await writer.accept(request('b', 5));
      await expect(writer.accept(request('c', 3))).rejects.toThrow(QueueFullError);
      expect(await counts(queue)).toEqual([10, 10, 0]);
      await writer.accept(request('d', 2));
      await expect(writer.accept(request('e', 1))).rejects.toThrow(QueueFullError);
      const reader = await queue.reader(LIMITS);
      expect(origins(await collect(reader, 12))).toEqual(['a', 'b', 'd']);
      await eventually(async () => writer.accept(request('f', 12)));
      expect(origins(await collect(reader, 12))).toEqual(['f']);
    });

    test('a full queue lets requests wait for room', async () => {
      const queue = open(await freshName(), { maxLength: 10 });
      const writer = await queue.writer();
      await writer.accept(request('a', 10));
      const reader = await queue.reader(LIMITS);
      const batch = await next(reader);
      const waiting = Promise.all(['b', 'c'].map((origin) => writer.accept(request(origin, 5))));
      await batch.acknowledge();
      await waiting;
    });

    (subject.countsBytes ? test : test.skip)('a queue that is full in bytes refuses as well', async () => {
      const queue = open(await freshName(), { maxBytes: 100_000 });
      const writer = await queue.writer();
      const large = ['x'.repeat(30_000)];
      for (const origin of ['a', 'b', 'c']) await writer.accept(request(origin, large));
      await eventually(async () => {
        await expect(writer.accept(request('d', large))).rejects.toThrow(QueueFullError);
      });
      const reader = await queue.reader(LIMITS);
      await drain(queue, reader, () => undefined);
      await eventually(async () => writer.accept(request('e', large)));
    });

    test('a request that is repeated under the same group is stored under the same ids', async () => {
      const queue = open(await freshName());
      const writer = await queue.writer();
      const group = '0123456789abcdef01234';
      const first = await writer.accept(request('again', 3), group);
      expect(await writer.accept(request('again', 3), group)).toEqual(first);
      expect(first).toEqual([`${group}000`, `${group}001`, `${group}002`]);
      const found = await collect(await queue.reader(LIMITS), 3);
      expect(ids(found)).toEqual(first);
    });

    const { oversizeBytes } = subject;
    if (oversizeBytes !== undefined)
      test('a request too large for ever is refused as a whole, its neighbours are not', async () => {
        const queue = open(await freshName());
        const writer = await queue.writer();
        const large = request('large', ['small', 'x'.repeat(oversizeBytes)]);
        const results = await Promise.allSettled([
          writer.accept(request('before', 2)),
          writer.accept(large),
          writer.accept(request('after', 2)),
        ]);
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect((results[1] as PromiseRejectedResult).reason).toBeInstanceOf(QueueRefusedError);
        expect(origins(await collect(await queue.reader(LIMITS), 4))).toEqual(['after', 'before']);
        expect((await queue.depth()).accepted).toBe(4);
      });

    test('acknowledged is durable and requests are whole when the server is killed with SIGKILL under load', async () => {
      const queue = open(await freshName());
      const writer = await queue.writer();
      const outcomes = { accepted: new Set<string>(), refused: new Set<string>(), unknown: new Set<string>() };
      let stop = false;
      const client = async (id: number): Promise<void> => {
        for (let i = 0; !stop; i++) {
          const origin = `client-${id}-${i}`;
          outcomes[await outcomeOf(writer, request(origin, 5))].add(origin);
          if (!outcomes.accepted.has(origin)) await delay(20);
        }
      };
      const clients = Array.from({ length: 8 }, (_, id) => client(id));
      await eventually(async () => expect(outcomes.accepted.size).toBeGreaterThan(50));
      const acceptedBefore = outcomes.accepted.size;
      await subject.crash();
      await eventually(async () => expect(outcomes.accepted.size).toBeGreaterThan(acceptedBefore + 50), 20_000);
      stop = true;
      await Promise.all(clients);

      const found = new Map<string, Set<number>>();
      const reader = await queue.reader(LIMITS);
      await drain(queue, reader, (record) => {
        if (!found.has(record.origin)) found.set(record.origin, new Set());
        found.get(record.origin)!.add(record.index);
      });
      expect([...outcomes.accepted].filter((origin) => !found.has(origin))).toEqual([]);
      expect([...outcomes.refused].filter((origin) => found.has(origin))).toEqual([]);
      expect([...found].filter(([, indexes]) => indexes.size !== 5)).toEqual([]);
    });

    test('an unreachable server refuses soon, as certain or unknown, and is used again when it is back', async () => {
      const queue = open(await freshName());
      const writer = await queue.writer();
      const reader = await queue.reader(LIMITS);
      await writer.accept(request('before', 5));
      await (await next(reader)).acknowledge();
      await subject.crash(async () => {
        const begun = performance.now();
        await expect(writer.accept(request('down', 5))).rejects.toThrow(/may or may not|again later/);
        expect(performance.now() - begun).toBeLessThan(6_000);
        await eventually(async () => expect(writer.ready()).toBe(false));
        await expect(writer.accept(request('down', 5))).rejects.toThrow(QueueUnavailableError);
      });
      await eventually(async () => writer.accept(request('after', 5)), 20_000);
      expect(writer.ready()).toBe(true);
      const records: DataRecord[] = [];
      await drain(queue, reader, (record) => records.push(record));
      expect(origins(records)).toContain('after');
    });

    test('what a reader did not acknowledge goes to the next one when it closes', async () => {
      const queue = open(await freshName());
      const writer = await queue.writer();
      const records: DataRecord[] = [];
      for (let i = 0; i < 20; i++) records.push(...(await accept(writer, 'a', [`a ${i}`])));
      const dropped = await queue.reader({ ...LIMITS, batchSize: 7 });
      const done = await next(dropped);
      await done.acknowledge();
      await next(dropped);
      await dropped.close();
      expect(await dropped.next()).toBeUndefined();
      expect((await queue.depth()).lag).toBe(13);
      const rest = await collect(await queue.reader(LIMITS), 13);
      expect(ids([...recordsOf(done), ...rest])).toEqual(ids(records));
      expect(await counts(queue)).toEqual([20, 0, 0]);
    });

    test('what a consumer killed with SIGKILL had in hand goes to another one', async () => {
      const name = await freshName();
      const queue = open(name);
      const writer = await queue.writer();
      const records = await accept(writer, 'a', payloads('a', 50));
      const child = fork(
        fileURLToPath(new URL('./contract-child.testing.ts', import.meta.url)),
        [JSON.stringify({ settings: subject.settings(name), limits: LIMITS })],
        { env: { ...process.env, ...subject.env } },
      );
      children.push({ kill: () => child.kill('SIGKILL') });
      const taken = await new Promise((resolve, reject) => {
        child.once('message', resolve);
        child.once('exit', () => reject(new Error('the child ended')));
      });
      expect(taken).toBe(50);
      child.kill('SIGKILL');
      const begun = performance.now();
      const reader = await queue.reader(LIMITS);
      expect(ids(await collect(reader, 50))).toEqual(ids(records));
      expect(performance.now() - begun).toBeLessThan(subject.takeoverMs);
      expect((await queue.depth()).lag).toBe(0);
    });

    test('readers that come and go while records arrive lose none', async () => {
      const name = await freshName();
      const queue = open(name);
      const writer = await queue.writer();
      const accepted = new Set<string>();
      const seen = new Set<string>();
      let stop = false;
      const writing = (async () => {
        for (let i = 0; !stop; i++) {
          for (const id of await writer.accept(request(`r${i}`, 5))) accepted.add(id);
          await delay(2);
        }
      })();
      const consume = async (reader: QueueReader, leaving: AbortSignal): Promise<void> => {
        for (let batch = await reader.next(); batch; batch = await reader.next()) {
          await delay(5);
          for (const { _id } of recordsOf(batch)) seen.add(_id);
          await batch.acknowledge().catch((error: Error) => {
            // Stored, but its reader was closed meanwhile: somebody gets it again.
            if (!leaving.aborted) throw error;
          });
        }
      };
      const limits = { ...LIMITS, batchSize: 50 };
      const stays = await open(name).reader(limits);
      const end = new AbortController();
      const consuming = consume(stays, end.signal);
      for (let round = 0; round < 2; round++) {
        const seenBefore = seen.size;
        const guest = await open(name).reader(limits);
        const leaving = new AbortController();
        const visiting = consume(guest, leaving.signal);
        await eventually(async () => expect(seen.size).toBeGreaterThan(seenBefore + 300), 20_000);
        await delay(500);
        leaving.abort();
        await guest.close();
        await visiting;
      }
      stop = true;
      await writing;
      await eventually(async () => expect((await queue.depth()).lag).toBe(0), 30_000);
      expect([...accepted].filter((id) => !seen.has(id))).toEqual([]);
      end.abort();
      await stays.close();
      await consuming;
    });

    test('a batch acknowledged before an earlier one does not acknowledge that one', async () => {
      const queue = open(await freshName());
      const writer = await queue.writer();
      for (const part of [1, 2]) await writer.accept(request(`a${part}`, 10));
      const reader = await queue.reader({ ...LIMITS, batchSize: 10 });
      const [first, second] = [await next(reader), await next(reader)];
      await second.acknowledge();
      await reader.close();
      const again = await queue.reader({ ...LIMITS, batchSize: 10 });
      const expected = recordsOf(first).map(({ _id }) => _id);
      const found: DataRecord[] = [];
      await drain(queue, again, (record) => found.push(record));
      expect(found.map(({ _id }) => _id)).toEqual(expect.arrayContaining(expected));

      for (const part of [1, 2]) await writer.accept(request(`b${part}`, 10));
      const [third, fourth] = [await next(again), await next(again)];
      await fourth.acknowledge();
      await third.acknowledge();
      expect((await queue.depth()).lag).toBe(0);
    });

    test('refused records become dead letters that can be listed, shown, replayed and dropped', async () => {
      const queue = open(await freshName());
      const { deadLetters } = queue;
      expect(await deadLetters.list(10)).toEqual([]);
      const writer = await queue.writer();
      const records = await accept(writer, 'a', payloads('a', 5));
      const reader = await queue.reader(LIMITS);
      const batch = await next(reader);
      await batch.acknowledge([
        { index: 1, reason: 'document too large' },
        { index: 3, reason: 'key may not be empty' },
      ]);
      expect(await counts(queue)).toEqual([5, 0, 2]);

      const letters = await deadLetters.list(10);
      expect(letters.map(({ record, reason }) => [record, reason])).toEqual([
        [records[1], 'document too large'],
        [records[3], 'key may not be empty'],
      ]);
      expect(Math.abs(Date.now() - Date.parse(letters[0]!.failedAt))).toBeLessThan(60_000);
      expect(await deadLetters.list(1)).toEqual([letters[0]]);
      expect(await deadLetters.show(letters[1]!.id)).toEqual(letters[1]);
      for (const unknown of ['none', '0-1']) {
        expect(await deadLetters.show(unknown)).toBeUndefined();
        expect(await deadLetters.replay(unknown)).toBe(false);
        expect(await deadLetters.drop(unknown)).toBe(false);
      }

      expect(await deadLetters.replay(letters[0]!.id)).toBe(true);
      expect(await counts(queue)).toEqual([6, 1, 1]);
      const replayed = await next(reader);
      expect(recordsOf(replayed)).toEqual([records[1]]);
      await replayed.acknowledge();

      expect(await deadLetters.drop(letters[1]!.id)).toBe(true);
      expect(await deadLetters.drop(letters[1]!.id)).toBe(false);
      expect(await counts(queue)).toEqual([6, 0, 0]);
      expect(await deadLetters.list(10)).toEqual([]);
    });

    test('what is no record goes to the dead letters as it is, and the records around it are delivered', async () => {
      const name = await freshName();
      const queue = open(name);
      const writer = await queue.writer();
      await writer.accept(request('before', 1));
      await subject.poison(name, 'this is {no record');
      await writer.accept(request('after', 1));
      const reader = await queue.reader(LIMITS);
      const records: DataRecord[] = [];
      await drain(queue, reader, (record) => records.push(record));
      expect(origins(records)).toEqual(['after', 'before']);
      const [letter] = await queue.deadLetters.list(10);
      expect(letter?.record.payload).toBe('this is {no record');
      expect(await queue.deadLetters.replay(letter!.id)).toBe(false);
      expect(await queue.deadLetters.drop(letter!.id)).toBe(true);
      expect((await queue.depth()).deadLetters).toBe(0);
    });

    test('all of it can be closed twice, and what is closed refuses', async () => {
      const queue = open(await freshName());
      const writer = await queue.writer();
      const reader = await queue.reader(LIMITS);
      const waiting = reader.next();
      await reader.close();
      await reader.close();
      expect(await waiting).toBeUndefined();
      expect(await reader.next()).toBeUndefined();
      await writer.close();
      await writer.close();
      expect(writer.ready()).toBe(false);
      await expect(writer.accept(request('a', 1))).rejects.toThrow(QueueUnavailableError);
      await queue.close();
      await queue.close();
    });

    test('says what survives', () => {
      expect(open('any').durability).toMatch(/killed .*power loss/s);
    });
  });
}

const payloads = (origin: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${origin} ${i}`);

/** One request. */
const request = (origin: string, texts: number | readonly string[]): NewRecords => ({
  type: 'post',
  origin,
  payloads: typeof texts === 'number' ? payloads(origin, texts) : texts,
});

/** Has a request accepted. @returns the records as they must come out */
async function accept(writer: QueueWriter, origin: string, texts: readonly string[]): Promise<DataRecord[]> {
  const given = await writer.accept(request(origin, texts));
  return texts.map((payload, index) => ({
    _id: given[index]!,
    type: 'post',
    index,
    payload,
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as unknown as string,
    origin,
  }));
}

async function counts(queue: Queue): Promise<number[]> {
  const { accepted, lag, lagBytes, deadLetters } = await queue.depth();
  if (lag === 0 && deadLetters === 0) expect(lagBytes).toBe(0);
  return [accepted, lag, deadLetters];
}

const recordsOf = (batch: Batch): DataRecord[] => batch.documents.records();
const ids = (records: readonly DataRecord[]): string[] => records.map(({ _id }) => _id).sort();
const origins = (records: readonly DataRecord[]): string[] => [...new Set(records.map(({ origin }) => origin))].sort();
const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The next batch, which must come. */
async function next(reader: QueueReader, timeoutMs = 20_000): Promise<Batch> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no batch within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    const batch = await Promise.race([reader.next(), late]);
    if (batch === undefined) throw new Error('the reader is closed');
    return batch;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Takes and acknowledges batches until there are `count` different records; fails when there is one
 * too many.
 */
async function collect(reader: QueueReader, count: number): Promise<DataRecord[]> {
  const found = new Map<string, DataRecord>();
  while (found.size < count) {
    const batch = await next(reader);
    for (const record of recordsOf(batch)) found.set(record._id, record);
    await batch.acknowledge();
  }
  expect(found.size).toBe(count);
  return [...found.values()];
}

/** Takes and acknowledges batches until there are `count` records. @returns the batches' sizes */
async function sizes(reader: QueueReader, count: number): Promise<number[]> {
  const counts: number[] = [];
  while (counts.reduce((a, b) => a + b, 0) < count) {
    const batch = await next(reader);
    counts.push(batch.documents.count);
    await batch.acknowledge();
  }
  return counts;
}

/** Takes and acknowledges all that is there. */
async function drain(queue: Queue, reader: QueueReader, each: (record: DataRecord) => void): Promise<void> {
  while ((await queue.depth()).lag > 0) {
    const batch = await next(reader);
    for (const record of recordsOf(batch)) each(record);
    await batch.acknowledge();
  }
}

async function outcomeOf(writer: QueueWriter, records: NewRecords): Promise<'accepted' | 'refused' | 'unknown'> {
  try {
    await writer.accept(records);
    return 'accepted';
  } catch (error) {
    if (error instanceof QueueOutcomeUnknownError) return 'unknown';
    if (error instanceof QueueUnavailableError) return 'refused';
    throw error;
  }
}

/** Tries until it works. */
async function eventually(check: () => Promise<unknown>, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}
