// The store against dynalite, a real server that answers like DynamoDB.
import { request } from 'node:http';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { uniqueName } from '../../../../test/api.ts';
import { useDynalite } from '../../../../test/dynalite.ts';
import { LocalServer } from '../../../../test/local-server.ts';
import { Documents } from '../../group.ts';
import { makeRecords } from '../../record.testing.ts';
import { storeContract } from '../contract.testing.ts';
import { DynamoDbStore } from './store.ts';

const dynalite = useDynalite();

const open = (table: string, endpoint = dynalite.url) =>
  new DynamoDbStore({ table, region: 'eu-west-1', endpoint, concurrency: 16 });
const some = (count: number) => makeRecords('post', 'store-test', Array(count).fill('payload'));

storeContract('dynamodb', {
  async create() {
    const table = uniqueName('records');
    return { store: open(table), reopen: () => open(table) };
  },
  async crash(down) {
    dynalite.server.kill('SIGKILL');
    await dynalite.server.exited;
    await down?.();
    await dynalite.restart();
  },
  oversizeBytes: 400 * 1024,
  isOrdered: false,
});

/** A proxy that may answer a request itself: with an error of DynamoDB. */
async function withProxy(fault: (operation: string) => string | undefined, body: (url: string) => Promise<void>) {
  const server = await LocalServer.start((incoming, answer) => {
    const operation = String(incoming.headers['x-amz-target']).replace(/^.*\./, '');
    const error = fault(operation);
    if (error !== undefined) {
      incoming.resume();
      answer.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
      answer.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${error}`, message: 'as the test asks' }));
      return;
    }
    const { method, headers } = incoming;
    const upstream = request(dynalite.url, { method, headers }, (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      response.pipe(answer);
    });
    upstream.on('error', () => answer.destroy());
    incoming.pipe(upstream);
  });
  try {
    await body(server.url);
  } finally {
    await server.close();
  }
}

describe('a batch on DynamoDB', () => {
  test('is stored whole although every other write is throttled', async () => {
    let puts = 0;
    const throttle = (operation: string) =>
      operation === 'PutItem' && puts++ % 2 === 0 ? 'ProvisionedThroughputExceededException' : undefined;
    await withProxy(throttle, async (url) => {
      const store = open(uniqueName('records'), url);
      expect(await store.insert(Documents.ofRecords(some(50)))).toEqual({ stored: 50, duplicates: 0, refused: [] });
      expect(await store.count()).toBe(50);
      await store.close();
    });
  });

  test('counts each record once when it is tried again, and writes none twice', async () => {
    let puts = 0;
    const fail = (operation: string) => (operation === 'PutItem' && ++puts === 30 ? 'InternalServerError' : undefined);
    await withProxy(fail, async (url) => {
      const store = open(uniqueName('records'), url);
      await store.insert(Documents.ofRecords(some(1))); // creates the table
      puts = 0;
      const documents = Documents.ofRecords(some(50));
      await expect(store.insert(documents)).rejects.toThrow();
      expect(await store.insert(documents)).toEqual({ stored: 50, duplicates: 0, refused: [] });
      expect(puts).toBeLessThanOrEqual(51);
      await store.close();
    });
  });

  test('is kept, and no dead letter, when DynamoDB finds the request invalid', async () => {
    await withProxy(
      (operation) => (operation === 'PutItem' ? 'ValidationException' : undefined),
      async (url) => {
        const store = open(uniqueName('records'), url);
        await expect(store.insert(Documents.ofRecords(some(1)))).rejects.toThrow('as the test asks');
        await store.close();
      },
    );
  });

  test('is counted with the next one when the count could not be written', async () => {
    let updates = 0;
    const fail = (operation: string) =>
      operation === 'UpdateItem' && updates++ === 0 ? 'InternalServerError' : undefined;
    await withProxy(fail, async (url) => {
      const store = open(uniqueName('records'), url);
      await store.insert(Documents.ofRecords(some(5)));
      await store.insert(Documents.ofRecords(some(2)));
      expect(await store.count()).toBe(7);
      await store.close();
    });
  });
});

describe('reads from DynamoDB', () => {
  afterEach(() => void jest.restoreAllMocks());

  /** A store with five records, whose reads are throttled for as long as `isThrottled` says so. */
  async function withRecords(isThrottled: () => boolean, body: (store: DynamoDbStore, ids: string[]) => Promise<void>) {
    const fault = (operation: string) =>
      /Get|Scan/.test(operation) && isThrottled() ? 'ThrottlingException' : undefined;
    await withProxy(fault, async (url) => {
      const store = open(uniqueName('records'), url);
      const records = some(5);
      await store.insert(Documents.ofRecords(records));
      const ids = records.map(({ _id }) => _id);
      await body(store, ids);
      await store.close();
    });
  }

  test('are repeated when they are throttled', async () => {
    let reads = 0;
    await withRecords(
      () => reads++ % 3 < 2,
      async (store, ids) => {
        expect(await store.findMany(ids)).toHaveLength(5);
        expect(await store.count()).toBe(5);
        expect(await store.newestIds(5)).toHaveLength(5);
      },
    );
  });

  test('end when they are throttled for too long', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.999); // the longest waits
    let reads = 0;
    await withRecords(
      () => reads++ !== 6, // after 2.4 s, the last of the eventually consistent reads
      async (store, ids) => {
        await expect(store.findMany([...ids, '0'.repeat(24)])).rejects.toMatchObject({
          code: 'STORE_UNAVAILABLE',
          cause: expect.objectContaining({ name: 'ThrottlingException' }),
        });
      },
    );
  });
});
