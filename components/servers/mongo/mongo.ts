// MongoDB: one server with little memory and a slow disk, which the whole stack is there to protect. Only the gate talks to it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../../config/schema.ts';
import { officialImage } from '../../images/official-images.ts';
import type { Credentials } from '../../kubernetes/credentials.ts';
import type { Labels } from '../../kubernetes/labels.ts';
import type { ContainerArgs } from '../../kubernetes/pod.ts';
import { dataMount, filesMount, SingleServer } from '../../kubernetes/single-server.ts';
import { DATABASE, MONGO_PORT } from '../../network/addresses.ts';

/** The user `mongodb` of the official image. */
const MONGO_USER_ID = 999;

const FILES = '/etc/mongo';
const DATA = '/data/db';

/** Arguments of Mongo. */
export interface MongoArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  readonly credentials: Credentials;
  /** Nodes that volumes may lie on, by label. @default all */
  readonly storageNodes?: Labels;
}

type MongoConfig = Pick<StackConfig, 'mongo' | 'images'>;
type ServerFiles = Pick<Credentials, 'serverFiles'>;

const cacheGb = ({ mongo }: MongoConfig): string => String(mongo.cacheMiB / 1024);

/**
 * Command line of mongod. The journal is on and flushed every 100 ms by default; who writes asks for a flush (`j: true`).
 * Tickets that are set turn off MongoDB's own search for their best number.
 */
export function mongodCommand(config: MongoConfig): readonly string[] {
  const { auth, tickets } = config.mongo;
  const parameters = [
    `wiredTigerConcurrentReadTransactions=${tickets}`,
    `wiredTigerConcurrentWriteTransactions=${tickets}`,
    // Without users, whoever is on the pod's loopback could make one.
    'enableLocalhostAuthBypass=false',
  ];
  return [
    'mongod',
    ...['--dbpath', DATA, '--bind_ip_all', '--port', String(MONGO_PORT)],
    ...['--wiredTigerCacheSizeGB', cacheGb(config)],
    ...(auth ? ['--auth'] : []),
    ...parameters.flatMap((parameter) => ['--setParameter', parameter]),
  ];
}

const probe = (periodSeconds: number, failureThreshold: number) => ({
  // mongod listens once it has recovered its journal, not before. Asking it with mongosh would cost a second of CPU each time.
  tcpSocket: { port: 'main' },
  periodSeconds,
  failureThreshold,
  timeoutSeconds: 5,
});

/** The container of mongod. */
export function mongodContainer(config: MongoConfig): ContainerArgs {
  return {
    name: 'mongo',
    image: officialImage('mongo', config.images),
    command: mongodCommand(config),
    ports: [{ name: 'main', port: MONGO_PORT }],
    memoryMiB: config.mongo.memoryMiB,
    cpuMillis: 100,
    mounts: [dataMount(DATA)],
    startupProbe: probe(2, 300),
    readinessProbe: probe(5, 2),
    livenessProbe: probe(15, 4),
  };
}

/** The init container that makes the users. */
export function usersContainer(config: MongoConfig, credentials: ServerFiles): ContainerArgs {
  return {
    name: 'users',
    image: officialImage('mongo', config.images),
    command: ['bash', `${FILES}/create-users.sh`],
    environment: { CACHE_GB: cacheGb(config), DATABASE, HOME: '/tmp' },
    secretFiles: credentials.serverFiles('MONGO'),
    memoryMiB: config.mongo.memoryMiB,
    mounts: [dataMount(DATA), filesMount(FILES)],
  };
}

const script = (name: string): string => readFileSync(join(__dirname, name), 'utf8');

/** MongoDB on one pod: Service `mongo`, port 27017. */
export class Mongo extends pulumi.ComponentResource {
  constructor(name: string, args: MongoArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:mongo:Mongo', name, {}, opts);
    const { config, credentials, namespace, storageNodes } = args;
    new SingleServer(
      name,
      {
        namespace,
        port: MONGO_PORT,
        files: {
          'create-users.sh': script('create-users.sh'),
          'create-users.js': script('create-users.js'),
        },
        volume: {
          sizeGiB: config.mongo.volumeGiB,
          storageClass: config.cluster.storageClass,
          storageNodes,
          protect: config.cluster.protect,
        },
        pod: {
          userId: MONGO_USER_ID,
          initContainers: config.mongo.auth ? [usersContainer(config, credentials)] : [],
          containers: [mongodContainer(config)],
          // A checkpoint on a slow disk takes its time; killed before, the next start replays the journal.
          terminationGraceSeconds: 60,
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
