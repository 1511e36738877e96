// MongoDB in the cluster: its limits, and the users that its init container creates.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { parseStackConfig } from '../../../config/parse.ts';
import { Credentials } from '../../kubernetes/credentials.ts';
import { Collector } from '../../program.testing.ts';
import { Mongo, mongodCommand } from './mongo.ts';

test('mongod: a small cache, few tickets, authentication', () => {
  const command = mongodCommand(parseStackConfig({ 'mongo:cacheMiB': 256, 'mongo:tickets': 12 })).join(' ');
  expect(command).toContain('--wiredTigerCacheSizeGB 0.25');
  expect(command).toContain('wiredTigerConcurrentReadTransactions=12');
  expect(command).toContain('wiredTigerConcurrentWriteTransactions=12');
  expect(command).toContain(' --auth ');
});

async function podOf(raw: Record<string, unknown>) {
  const collector = new Collector();
  const credentials = new Credentials('mongo', { version: 2, namespace: 'shop', apiNamespace: 'shop-api' });
  new Mongo('mongo', { namespace: 'shop', config: parseStackConfig(raw), credentials });
  return (await collector.inputsOf('StatefulSet', 'mongo')).spec.template.spec;
}

test('the users are created from files, before the server accepts connections', async () => {
  const pod = await podOf({});
  expect(pod.initContainers).toHaveLength(1);
  const variables = pod.initContainers[0].env.map(({ name }: { name: string }) => name);
  expect(variables).toEqual(
    expect.arrayContaining(['MONGO_USERNAME_FILE', 'MONGO_PASSWORD_FILE', 'MONGO_PREVIOUS_PASSWORD_FILE', 'DATABASE']),
  );
  expect(pod.containers[0].resources.limits.memory).toBe('500Mi');
  expect(JSON.stringify(pod)).not.toContain('made-for-');
});

// The image's own is the folder of the data, where mongosh would keep its history and its logs.
test('no shell writes into the data: HOME is a scratch folder', async () => {
  const { initContainers, containers, volumes } = await podOf({});
  for (const { env, volumeMounts } of [...initContainers, ...containers]) {
    const home = env.find(({ name }: { name: string }) => name === 'HOME')?.value;
    const { name: mounted } = volumeMounts.find(({ mountPath }: { mountPath: string }) => mountPath === home) ?? {};
    expect(volumes).toContainEqual(expect.objectContaining({ name: mounted, emptyDir: expect.anything() }));
  }
});

test('an engine without authentication: no users, and no --auth', async () => {
  const pod = await podOf({ 'mongo:auth': 'false' });
  expect(pod).not.toHaveProperty('initContainers');
  expect(pod.containers[0].command).not.toContain('--auth');
});

describe('create-users.js', () => {
  const script = readFileSync(join(__dirname, 'create-users.js'), 'utf8');
  const files: Record<string, string> = {
    MONGO_USERNAME_FILE: 'apps-3',
    MONGO_PASSWORD_FILE: 'new',
    MONGO_PREVIOUS_USERNAME_FILE: 'apps-2',
    MONGO_PREVIOUS_PASSWORD_FILE: 'old',
  };
  class Quit extends Error {}

  /** Runs the script on a server with these users. @param users passwords by name */
  function run(users: Map<string, string>, knowsUsers = true) {
    const said: string[] = [];
    const roles = new Map<string, unknown>();
    const set = (name: string, { pwd, roles: given }: Record<string, unknown>) => {
      users.set(name, String(pwd));
      roles.set(name, given);
    };
    // As strict as the server: it creates no user twice, and changes none that does not exist.
    const runCommand = (command: Record<string, unknown>) => {
      const [name] = Object.keys(command);
      const user = String(command[name ?? '']);
      if (name === 'listCommands') return { commands: knowsUsers ? { createUser: {} } : {} };
      if (name === 'usersInfo') return { users: [...users.keys()].map((known) => ({ user: known })) };
      if (name === 'createUser' && !users.has(user)) return set(user, command);
      if (name === 'updateUser' && users.has(user)) return set(user, command);
      if (name === 'dropUser' && users.has(user)) return users.delete(user);
      throw new Error(`${name} ${user}`);
    };
    runInNewContext(script, {
      db: { getSiblingDB: () => ({ runCommand }) },
      print: (text: string) => said.push(text),
      quit: (code: number) => {
        throw new Quit(`${code}`);
      },
      process: { env: { ...Object.fromEntries(Object.keys(files).map((name) => [name, name])), DATABASE: 'records' } },
      require: () => ({ readFileSync: (name: string) => files[name] }),
    });
    return { said, roles };
  }

  test('on an empty volume: both users, with access to the records and the counters only', () => {
    const users = new Map<string, string>();
    const { roles, said } = run(users);
    expect(Object.fromEntries(users)).toEqual({ 'apps-2': 'old', 'apps-3': 'new' });
    expect(roles.get('apps-3')).toEqual([
      { role: 'readWrite', db: 'records' },
      { role: 'clusterMonitor', db: 'admin' },
    ]);
    expect(said.join()).not.toMatch(/new|old/);
  });

  test('on an old volume: passwords are overwritten, older users are dropped, other users stay', () => {
    const users = new Map([
      ['apps-1', 'x'],
      ['apps-2', 'from before'],
      ['backup', 'y'],
    ]);
    run(users);
    expect(Object.fromEntries(users)).toEqual({ 'apps-2': 'old', 'apps-3': 'new', backup: 'y' });
    run(users);
    expect([...users.keys()].sort()).toEqual(['apps-2', 'apps-3', 'backup']);
  });

  test('an engine without authentication is refused', () => {
    expect(() => run(new Map(), false)).toThrow(new Quit('3'));
  });
});
