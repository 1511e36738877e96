// The ledger's way to the store of a cluster. kubectl is a script that runs a pod's commands on
// this machine; the stores are real.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Documents } from '../../apps/shared/group.ts';
import { makeRecords } from '../../apps/shared/record.testing.ts';
import type { DataRecord } from '../../apps/shared/record.ts';
import type { Store } from '../../apps/shared/store/store.ts';
import { MARIADB_USER } from '../../local/servers/mariadb.ts';
import { useDynalite } from '../../test/dynalite.ts';
import { useMariaDb } from '../../test/servers.ts';
import { openAccess } from '../../tooling/cluster/access.ts';
import { storeAt } from './store-at.ts';

const mariaDb = useMariaDb();
const dynalite = useDynalite();
const { PATH } = process.env;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'breakwater-kubectl-'));
  process.env.PATH = `${directory}${delimiter}${PATH}`;
});
afterAll(async () => {
  process.env.PATH = PATH;
  await rm(directory, { recursive: true, force: true });
});

/** A cluster whose apps have this environment, and whose pods reach what this machine reaches. */
async function accessWith(environment: Record<string, string>) {
  const deployment = {
    spec: { template: { spec: { containers: [{ envFrom: [{ configMapRef: { name: 'all' } }] }] } } },
  };
  const data = { PAYLOAD_CHARS: '64', API_BODY_LIMIT_KIB: '1024', ...environment };
  const script = `#!/bin/bash
case "$*" in
  *" exec "*) while [ "$1" != -- ]; do shift; done; shift; exec "$@" ;;
  *" get "*deployment/*) echo '${JSON.stringify(deployment)}' ;;
  *" get "*configmap/*) echo '${JSON.stringify({ data })}' ;;
  *) echo "error: no such object" >&2; exit 1 ;;
esac`;
  await writeFile(join(directory, 'kubectl'), script);
  await chmod(join(directory, 'kubectl'), 0o755);
  const outputs = { apiUrl: 'http://api.example', kubeconfigPath: '/k', context: 'c', namespace: 'breakwater' };
  return openAccess(outputs, ['store', 'gate']);
}

async function scan(store: Store): Promise<DataRecord[]> {
  const found: DataRecord[] = [];
  for await (const record of store.scan(records[0]!._id)) found.push(record);
  return found;
}

const records = makeRecords('post', 'ledger', Array(1_200).fill('x'.repeat(1_000)));

test('MySQL, which only the pods reach, through a pod of the API; there is no gate', async () => {
  const { port } = new URL(mariaDb.url);
  const url = `mysql://localhost:${port}/breakwater`;
  const tls = { STORE_KIND: 'mysql', MYSQL_URL: url, MYSQL_USERNAME: MARIADB_USER };
  const access = await accessWith({ ...tls, MYSQL_TLS: 'false' });
  expect(access.addresses.gateUrl).toBeUndefined();
  const store = await storeAt(access.addresses.storeUrl!);
  await store.insert(Documents.ofRecords(records));
  expect(await scan(store)).toEqual(records);
  await store.close();
  await access.close();

  const secure = await accessWith(tls);
  const refusing = await storeAt(secure.addresses.storeUrl!);
  await expect(refusing.findMany([records[0]!._id])).rejects.toThrow(/certificate/);
  await refusing.close();
  await secure.close();
});

test('DynamoDB, which this machine reaches itself', async () => {
  const table = { DYNAMODB_TABLE: 'records', DYNAMODB_REGION: 'eu-west-1', DYNAMODB_ENDPOINT: dynalite.url };
  const access = await accessWith({ STORE_KIND: 'dynamodb', ...table });
  const store = await storeAt(access.addresses.storeUrl!);
  await store.insert(Documents.ofRecords(records.slice(0, 50)));
  expect(await scan(store)).toHaveLength(50);
  await store.close();
  await access.close();
});

test('a MongoDB outside the cluster has to be named', async () => {
  const opening = accessWith({ STORE_KIND: 'mongo', MONGO_URL: 'mongodb+srv://db.example/breakwater' });
  await expect(opening).rejects.toThrow(/no such object\nName a server .* --mongo URL/s);
});
