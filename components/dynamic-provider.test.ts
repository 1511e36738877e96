// The providers as Pulumi runs them: the text that the state holds, in Pulumi's own provider
// process, on the Node of the PATH.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import * as requests from '@pulumi/pulumi/proto/provider_pb.js';
import { type JavaScriptValue, Struct } from 'google-protobuf/google/protobuf/struct_pb.js';
import { parseStackConfig, type RawConfig } from '../config/parse.ts';
import { waitFor } from '../tooling/poll.ts';
import { run } from '../tooling/run.ts';
import { Cluster } from './cluster/cluster.ts';
import { Guard } from './guard/guard.ts';
import { guardedValues } from './guard/values.ts';
import { Collector, SecretValue } from './program.testing.ts';

type Properties = Record<string, JavaScriptValue>;

const struct = (properties: Properties): Struct => Struct.fromJavaScript(properties);

/** The text of a provider, as the program gives it to the engine. */
async function providerOf(type: string, make: () => unknown): Promise<string> {
  const collector = new Collector();
  make();
  const [resource] = await collector.all(type);
  const { __provider: text } = resource!.inputs;
  return (text instanceof SecretValue ? text.value : text) as string;
}

const stop = new AbortController();
const bin = mkdtempSync(join(tmpdir(), 'breakwater-bin-'));
let client: ResourceProviderClient;
let ended: Promise<unknown>;

beforeAll(async () => {
  // A Docker without containers, and a Kubernetes that does not answer.
  writeFileSync(join(bin, 'docker'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(bin, 'kubectl'), '#!/bin/sh\necho "error: no route to host" >&2; exit 1\n', { mode: 0o755 });
  const node = (await run('/bin/sh', ['-c', 'command -v node'])).trim();
  const host = require.resolve('@pulumi/pulumi/cmd/dynamic-provider');
  let printed = '';
  ended = run(node, [host, '127.0.0.1:1'], {
    env: { PATH: bin },
    signal: stop.signal,
    onOutput: (text) => (printed += text),
  }).catch(() => undefined);
  const [port] = await waitFor('the provider process listens', () => /^\d+/.exec(printed), { within: 60, everyMs: 20 });
  client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
}, 90_000);
afterAll(async () => {
  client?.close();
  stop.abort();
  await ended;
  rmSync(bin, { recursive: true });
});

type Method = 'check' | 'diff' | 'create' | 'read' | 'update' | 'delete';

function call<Response>(method: Method, request: unknown): Promise<Response> {
  return new Promise((resolve, reject) => {
    // biome-ignore lint/suspicious/noExplicitAny: one signature for methods of many
    (client as any)[method](request, (error: Error | null, response: Response) =>
      error ? reject(error) : resolve(response),
    );
  });
}

describe('the guard', () => {
  let provider: string;
  const config = parseStackConfig({});
  beforeAll(async () => {
    provider = await providerOf('Guard', () => new Guard('guard', { config, kubeconfig: '/k', context: 'c' }));
  });
  const state = (raw: RawConfig = {}): Properties => ({
    ...guardedValues(parseStackConfig(raw)),
    kubeconfig: '/no/such/kubeconfig',
    context: 'c',
    __provider: provider,
  });

  async function check(olds: Properties, news: Properties) {
    const request = new requests.CheckRequest();
    request.setOlds(struct(olds));
    request.setNews(struct(news));
    return (await call<requests.CheckResponse>('check', request))
      .getFailuresList()
      .map((failure) => failure.getReason());
  }

  test('refuses what its module refuses', async () => {
    expect(await check({}, state())).toEqual([]);
    expect(await check(state({ 'kafka:partitions': 12 }), state())).toEqual([
      expect.stringContaining('kafka:partitions: 12 → 3'),
    ]);
  });

  test('runs commands, and says what they say', async () => {
    const [reason] = await check(state(), state({ 'queue:kind': 'redis-streams' }));
    expect(reason).toContain('the API could not be asked how much that is (no route to host)');
  });

  test('lives through create, read, update and delete', async () => {
    const create = new requests.CreateRequest();
    create.setProperties(struct(state()));
    const created = await call<requests.CreateResponse>('create', create);
    expect(created.getId()).toBe('guard');
    const made = created.getProperties()!;
    expect(made.toJavaScript()).toEqual(state());

    const read = new requests.ReadRequest();
    read.setId('guard');
    read.setProperties(made);
    expect((await call<requests.ReadResponse>('read', read)).getProperties()!.toJavaScript()).toEqual(state());

    const update = new requests.UpdateRequest();
    update.setOlds(made);
    update.setNews(struct(state({ 'kafka:partitions': 6 })));
    const updated = await call<requests.UpdateResponse>('update', update);
    expect(updated.getProperties()!.toJavaScript()).toMatchObject({ 'kafka:partitions': 6 });

    const remove = new requests.DeleteRequest();
    remove.setId('guard');
    remove.setProperties(updated.getProperties());
    await call('delete', remove);
  });
});

test('a k3d cluster that is gone is noticed with the docker of the PATH', async () => {
  const args = { stack: 'dev', config: parseStackConfig({}) };
  const __provider = await providerOf('K3dCluster', () => new Cluster('cluster', args));
  const inputs = { name: 'breakwater-none', stack: 'none', image: 'k3s:v1', agents: 1, __provider };
  const request = new requests.DiffRequest();
  request.setId('breakwater-none');
  request.setOlds(struct(inputs));
  request.setNews(struct(inputs));
  const diff = await call<requests.DiffResponse>('diff', request);
  expect(diff.getReplacesList()).toEqual(['name']);
  expect(diff.getDeletebeforereplace()).toBe(true);
});
