// Backups in the cluster: the CronJob, and its script, run with stand-ins for MongoDB's tools.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseStackConfig, type RawConfig } from '../../../config/parse.ts';
import { Credentials, credentialsOf } from '../../kubernetes/credentials.ts';
import { Collector } from '../../program.testing.ts';
import { Backup } from './backup.ts';

describe('the CronJob', () => {
  async function make(raw: RawConfig = {}) {
    const collector = new Collector();
    const config = parseStackConfig({ 'cluster:namespace': 'shop', 'backup:enabled': true, ...raw });
    const credentials = new Credentials('mongo', {
      ...credentialsOf(config).mongo,
      namespace: 'shop',
      apiNamespace: 'shop-api',
    });
    new Backup('backup', { namespace: 'shop', config, credentials });
    const { spec } = await collector.inputsOf('CronJob', 'backup');
    const { spec: claim } = await collector.inputsOf('PersistentVolumeClaim', 'backup');
    return { spec, claim, pod: spec.jobTemplate.spec.template.spec };
  }
  // biome-ignore lint/suspicious/noExplicitAny: manifests are read at any depth
  const variables = (pod: any): Record<string, string> =>
    Object.fromEntries(pod.containers[0].env.map(({ name, value }: { name: string; value: string }) => [name, value]));

  test('dumps on schedule, in UTC, one at a time, to the volume', async () => {
    const { spec, claim, pod } = await make({ 'backup:schedule': '*/15 1-3 * * 0', 'backup:volumeGiB': 9 });
    expect(spec).toMatchObject({ schedule: '*/15 1-3 * * 0', timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid' });
    expect(claim.resources.requests.storage).toBe('9Gi');
    expect(pod.containers[0].args).toEqual(['dump']);
    expect(pod.volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'backup' } });
  });

  test('goes through the port of the gate for backups, with the password in a file', async () => {
    const { pod } = await make({ 'backup:keep': 3 });
    expect(variables(pod)).toMatchObject({
      BACKUP_URL: 'mongodb://gate.shop.svc:27019/?directConnection=true&authSource=admin',
      BACKUP_KEEP: '3',
      MONGO_PASSWORD_FILE: expect.any(String),
    });
    expect(JSON.stringify(pod)).not.toContain('made-for-');
  });

  test('an engine without authentication gets no login', async () => {
    const { pod } = await make({ 'mongo:auth': false });
    expect(variables(pod).BACKUP_URL).toBe('mongodb://gate.shop.svc:27019/?directConnection=true');
    expect(variables(pod)).not.toHaveProperty('MONGO_PASSWORD_FILE');
  });
});

describe('backup.sh', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'breakwater-backup-'));
    for (const folder of ['bin', 'home', 'backup']) mkdirSync(join(root, folder));
    writeFileSync(join(root, 'username'), 'apps-1');
    writeFileSync(join(root, 'password'), 'secret');
    tool('mongodump', dumped('whole'));
    tool('mongorestore', restored('3 document(s) restored successfully. 0 document(s) failed to restore.'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** A stand-in, which also keeps its arguments and its config file. */
  const tool = (name: string, body: string) =>
    writeFileSync(
      join(root, 'bin', name),
      `#!/bin/sh\necho "$@" > "$HOME/arguments"\ncp "$2" "$HOME/config"\n${body}\n`,
      { mode: 0o755 },
    );
  const restored = (...lines: string[]) =>
    lines.map((line) => `printf '2026-11-29T00:52:54.469+0000\\t${line}\\n' >&2`).join('\n');
  const dumped = (text: string) => `echo ${text} > "$(echo "$@" | sed 's/.*--archive=\\([^ ]*\\).*/\\1/')"`;
  const seen = (file: string) => readFileSync(join(root, 'home', file), 'utf8').trim();
  const backups = () => readdirSync(join(root, 'backup')).sort();
  const add = (...names: string[]) => {
    for (const name of names) writeFileSync(join(root, 'backup', name), gzipSync('x'));
  };
  const run = (...args: string[]) =>
    spawnSync('sh', [join(__dirname, 'backup.sh'), ...args], {
      encoding: 'utf8',
      env: {
        PATH: `${join(root, 'bin')}:${process.env.PATH}`,
        HOME: join(root, 'home'),
        BACKUP_FOLDER: join(root, 'backup'),
        BACKUP_KEEP: '2',
        BACKUP_URL: 'mongodb://gate:27019/?directConnection=true',
        DATABASE: 'breakwater',
        MONGO_USERNAME_FILE: join(root, 'username'),
        MONGO_PASSWORD_FILE: join(root, 'password'),
      },
    });

  const [OLDEST, OLD, NEW] = ['2020-01-01T03-00-00Z', '2020-01-02T03-00-00Z', '2020-01-03T03-00-00Z'].map(
    (time) => `${time}.archive.gz`,
  ) as [string, string, string];

  test('keeps the newest, and deletes older ones once the new one is complete', () => {
    add(OLDEST, OLD);
    const { status, stdout } = run('dump');
    expect(status).toBe(0);
    expect(backups()).toEqual([OLD, expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d-\d\d-\d\dZ\.archive\.gz$/)]);
    expect(stdout).toContain(`removed ${OLDEST}: the newest 2 are kept`);
  });

  test('the login is in a file, and on no command line', () => {
    run('dump');
    expect(seen('config')).toBe('uri: mongodb://apps-1:secret@gate:27019/?directConnection=true');
    expect(seen('arguments')).not.toContain('secret');
  });

  test('a dump that fails leaves the old backups, no part of itself, and the status of a failure', () => {
    add(OLDEST, OLD, NEW);
    tool('mongodump', `${dumped('half')}; exit 3`);
    expect(run('dump').status).toBe(3);
    expect(backups()).toEqual([OLDEST, OLD, NEW]);
  });

  test('what a killed dump left is removed after a day, not before', () => {
    add('.partial-killed', '.partial-running');
    const yesterday = Date.now() / 1000 - 90_000;
    utimesSync(join(root, 'backup', '.partial-killed'), yesterday, yesterday);
    run('dump');
    expect(existsSync(join(root, 'backup', '.partial-killed'))).toBe(false);
    expect(existsSync(join(root, 'backup', '.partial-running'))).toBe(true);
  });

  test('lists the newest first, and an empty volume without an error', () => {
    expect(run('list')).toMatchObject({ status: 0, stdout: '' });
    add(OLD, NEW, 'lost+found');
    expect(
      run('list')
        .stdout.split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual([NEW, OLD, '']);
  });

  test('restores the named backup or the latest, and passes options on', () => {
    add(OLD, NEW);
    expect(run('restore', OLD).stdout).toContain(`restoring ${OLD}`);
    expect(run('restore', 'latest', '--drop').status).toBe(0);
    expect(seen('arguments')).toMatch(new RegExp(`--archive=${NEW} .*--nsInclude=breakwater\\.\\* --drop$`));
  });

  test.each([
    ['another name', 'nope', 'there is no backup nope'],
    ['an empty volume', 'latest', 'there is no backup yet'],
  ])('refuses %s', (_what, name, message) => {
    expect(run('restore', name)).toMatchObject({ status: 2, stderr: `${message}\n` });
  });

  test('refuses a damaged backup before anything is deleted', () => {
    writeFileSync(join(root, 'backup', NEW), gzipSync('x'.repeat(1_000)).subarray(0, 20));
    const { status, stderr } = run('restore', NEW, '--drop');
    expect([status, stderr]).toEqual([2, expect.stringContaining(`${NEW} is damaged`)]);
    expect(existsSync(join(root, 'home', 'arguments'))).toBe(false);
  });

  test('records that are there already are counted, and are no failure', () => {
    add(NEW);
    const duplicate = 'continuing through error: E11000 duplicate key error collection';
    tool(
      'mongorestore',
      restored(duplicate, duplicate, '1 document(s) restored successfully. 2 document(s) failed to restore.'),
    );
    const { status, stdout } = run('restore', NEW);
    expect(status).toBe(0);
    expect(stdout).not.toContain('E11000');
    expect(stdout).toContain('2 of those were there already, and stay as they are');
  });

  test.each([
    [
      'a record fails for another reason',
      restored('1 document(s) restored successfully. 1 document(s) failed to restore.'),
    ],
    ['mongorestore fails', 'exit 1'],
  ])('%s: the restore fails', (_what, body) => {
    add(NEW);
    tool('mongorestore', body);
    expect(run('restore', NEW).status).not.toBe(0);
  });
});
