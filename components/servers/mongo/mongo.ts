// MongoDB: one server with little memory and a slow disk, which the stack protects. Only the gate
// and the exporter connect to it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../../config/schema.ts';
import { officialImage } from '../../images/official-images.ts';
import type { Credentials } from '../../kubernetes/credentials.ts';
import type { Labels } from '../../kubernetes/labels.ts';
import type { ContainerArgs } from '../../kubernetes/pod.ts';
import { tcpProbe } from '../../kubernetes/probes.ts';
import { dataMount, filesMount, Server } from '../../kubernetes/server.ts';
import { DATABASE, MONGO_PORT } from '../../network/addresses.ts';

/** The user `mongodb` of the official image. */
export const MONGO_USER_ID = 999;

const FILES = '/etc/mongo';
const DATA = '/data/db';
/** Where mongosh keeps its history and logs. By default, the image has it in the data folder. */
const HOME = '/tmp';

/** Arguments of Mongo. */
export interface MongoArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  readonly credentials: Credentials;
  /** Labels of the nodes that may hold the volume. @default any node */
  readonly storageNodes?: Labels;
}

type MongoConfig = Pick<StackConfig, 'mongo' | 'images'>;
type ServerFiles = Pick<Credentials, 'serverFiles'>;

const cacheGb = ({ mongo }: MongoConfig): string => String(mongo.cacheMiB / 1024);

/**
 * Command line of mongod. By default the journal is flushed every 100 ms; a write with `j: true`
 * waits for a flush. Setting the tickets turns off MongoDB's own adjustment of their number.
 */
export function mongodCommand(config: MongoConfig): readonly string[] {
  const { auth, tickets } = config.mongo;
  const parameters = [
    `wiredTigerConcurrentReadTransactions=${tickets}`,
    `wiredTigerConcurrentWriteTransactions=${tickets}`,
    // Otherwise, before there are users, any process in the pod could create one.
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

/** The container of mongod. */
function mongodContainer(config: MongoConfig): ContainerArgs {
  return {
    name: 'mongo',
    image: officialImage('mongo', config.images),
    command: mongodCommand(config),
    environment: { HOME },
    ports: [{ name: 'main', port: MONGO_PORT }],
    memoryMiB: config.mongo.memoryMiB,
    cpuMillis: 100,
    mounts: [dataMount(DATA)],
    // mongod listens only after it has recovered its journal, so the open port says enough. A probe
    // with mongosh would cost one second of CPU each time.
    startupProbe: tcpProbe('main', { periodSeconds: 2, failureThreshold: 300 }),
    readinessProbe: tcpProbe('main', { periodSeconds: 5, failureThreshold: 2 }),
    livenessProbe: tcpProbe('main', { periodSeconds: 15, failureThreshold: 4 }),
  };
}

/** The init container that creates the users. */
function usersContainer(config: MongoConfig, credentials: ServerFiles): ContainerArgs {
  return {
    name: 'users',
    image: officialImage('mongo', config.images),
    command: ['bash', `${FILES}/create-users.sh`],
    environment: { CACHE_GB: cacheGb(config), DATABASE, HOME },
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
    const { address } = new Server(
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
          config,
          userId: MONGO_USER_ID,
          initContainers: config.mongo.auth ? [usersContainer(config, credentials)] : [],
          containers: [mongodContainer(config)],
          // Time for a checkpoint on a slow disk, which saves the next start a replay.
          terminationGraceSeconds: 60,
        },
      },
      { parent: this },
    );
    this.registerOutputs({ address });
  }
}
