// Redis: the cache of every stack, and the queue of some. One server with an append-only file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../../config/schema.ts';
import { redisSettings } from '../../../config/servers.ts';
import { officialImage } from '../../images/official-images.ts';
import type { Credentials } from '../../kubernetes/credentials.ts';
import type { Labels } from '../../kubernetes/labels.ts';
import type { ContainerArgs } from '../../kubernetes/pod.ts';
import { tcpProbe } from '../../kubernetes/probes.ts';
import { dataMount, filesMount, Server } from '../../kubernetes/server.ts';
import { REDIS_PORT } from '../../network/addresses.ts';
import { containerMemoryMiB } from './memory.ts';

/** The user `redis` of the official image. */
const REDIS_USER_ID = 999;

const FILES = '/etc/redis';
const DATA = '/data';

/** Arguments of Redis. */
export interface RedisArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  /** Created with `passwordOnly`: clients log in as Redis' default user. */
  readonly credentials: Credentials;
  /** Labels of the nodes that may hold the volume. @default any node */
  readonly storageNodes?: Labels;
}

/** redis.conf */
export function redisConf({ memoryMiB, appendFsync }: Pick<StackConfig['redis'], 'memoryMiB' | 'appendFsync'>): string {
  const settings = [
    ['bind', '* -::*'],
    ['protected-mode', 'no'], // it refuses other hosts only if there is no password, and start.sh always sets one
    ['port', String(REDIS_PORT)],
    ['dir', DATA],
    ['aclfile', '/run/redis/users.acl'],
    ...redisSettings({ memoryMiB, appendFsync }),
  ];
  return settings.map(([name, value]) => `${name} ${value || '""'}\n`).join('');
}

/** Runs a Redis command. The password comes from its file and is never on a command line. */
const redisCli = (command: string, expected?: string) => {
  const reply = `REDISCLI_AUTH="$(cat "$REDIS_PASSWORD_FILE")" redis-cli ${command}`;
  return { command: ['sh', '-c', expected === undefined ? reply : `test "$(${reply})" = ${expected}`] };
};

/** The container of Redis. */
function redisContainer(config: StackConfig, credentials: Pick<Credentials, 'serverFiles'>): ContainerArgs {
  return {
    name: 'redis',
    image: officialImage('redis', config.images),
    command: ['sh', `${FILES}/start.sh`],
    secretFiles: credentials.serverFiles('REDIS').filter(({ variable }) => variable.endsWith('PASSWORD')),
    ports: [{ name: 'main', port: REDIS_PORT }],
    memoryMiB: containerMemoryMiB(config.redis.memoryMiB),
    cpuMillis: 100,
    scratch: [{ path: '/run/redis', sizeMiB: 1 }],
    mounts: [dataMount(DATA), filesMount(FILES)],
    // It replies LOADING instead of PONG until it has loaded its file, which may take ten minutes.
    startupProbe: { exec: redisCli('ping', 'PONG'), periodSeconds: 2, failureThreshold: 300, timeoutSeconds: 5 },
    readinessProbe: tcpProbe('main', { periodSeconds: 5, failureThreshold: 2 }),
    // Any reply will do, even a slow one: a disk may stall for 30 seconds.
    livenessProbe: { exec: redisCli('ping'), periodSeconds: 15, failureThreshold: 4, timeoutSeconds: 10 },
  };
}

/** Redis on one pod: Service `redis`, port 6379. */
export class Redis extends pulumi.ComponentResource {
  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:redis:Redis', name, {}, opts);
    const { config, credentials, namespace, storageNodes } = args;
    const { address } = new Server(
      name,
      {
        namespace,
        port: REDIS_PORT,
        files: {
          'redis.conf': redisConf(config.redis),
          'start.sh': readFileSync(join(__dirname, 'start.sh'), 'utf8'),
          'redis-repair.sh': readFileSync(join(__dirname, '..', '..', '..', 'config', 'redis-repair.sh'), 'utf8'),
        },
        volume: {
          sizeGiB: config.redis.volumeGiB,
          storageClass: config.cluster.storageClass,
          storageNodes,
          protect: config.cluster.protect,
        },
        pod: {
          config,
          userId: REDIS_USER_ID,
          containers: [redisContainer(config, credentials)],
          terminationGraceSeconds: 60,
        },
      },
      { parent: this },
    );
    this.registerOutputs({ address });
  }
}
