// Redis: the cache of every stack, and the queue of some. One server with an append-only file on a volume.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import type { StackConfig } from '../../../config/schema.ts';
import { redisSettings } from '../../../config/servers.ts';
import { officialImage } from '../../images/official-images.ts';
import type { Credentials } from '../../kubernetes/credentials.ts';
import type { Labels } from '../../kubernetes/labels.ts';
import type { ContainerArgs } from '../../kubernetes/pod.ts';
import { dataMount, filesMount, SingleServer } from '../../kubernetes/single-server.ts';
import { REDIS_PORT } from '../../network/addresses.ts';

/** The user `redis` of the official image. */
const REDIS_USER_ID = 999;

const FILES = '/etc/redis';
const DATA = '/data';
/** What Redis itself and its clients' buffers take besides the data, MiB. */
const BASE_MIB = 128;

/** Arguments of Redis. */
export interface RedisArgs {
  readonly namespace: pulumi.Input<string>;
  readonly config: StackConfig;
  /** Made with `passwordOnly`: clients log in as Redis' default user. */
  readonly credentials: Credentials;
  /** Nodes that volumes may lie on, by label. @default all */
  readonly storageNodes?: Labels;
}

/**
 * Memory of the container, MiB. Rewriting the append-only file forks: while the child writes, each page that changes exists
 * twice. A full cache under load changes nearly all of them meanwhile.
 */
export const containerMemoryMiB = (memoryMiB: number): number => 2 * memoryMiB + BASE_MIB;

/** redis.conf */
export function redisConf({ memoryMiB, appendFsync }: Pick<StackConfig['redis'], 'memoryMiB' | 'appendFsync'>): string {
  const settings = [
    ['bind', '* -::*'],
    ['protected-mode', 'no'], // it would refuse other hosts if the ACL had no password, which start.sh always gives
    ['port', String(REDIS_PORT)],
    ['dir', DATA],
    ['aclfile', '/run/redis/users.acl'],
    ...redisSettings({ memoryMiB, appendFsync }),
  ];
  return settings.map(([name, value]) => `${name} ${value || '""'}\n`).join('');
}

/** Asks Redis with the password from its file, never on a command line. */
const ask = (command: string, expected?: string) => {
  const answer = `REDISCLI_AUTH="$(cat "$REDIS_PASSWORD_FILE")" redis-cli ${command}`;
  return { command: ['sh', '-c', expected === undefined ? answer : `test "$(${answer})" = ${expected}`] };
};

/** The container of Redis. */
export function redisContainer(config: StackConfig, credentials: Pick<Credentials, 'serverFiles'>): ContainerArgs {
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
    // While it loads its file it answers LOADING, not PONG: not ready until it has all data, for up to ten minutes.
    startupProbe: { exec: ask('ping', 'PONG'), periodSeconds: 2, failureThreshold: 300, timeoutSeconds: 5 },
    readinessProbe: { tcpSocket: { port: 'main' }, periodSeconds: 5, failureThreshold: 2, timeoutSeconds: 5 },
    // Any answer is life. Slow is not dead: a disk that stalls for half a minute must not cost a restart.
    livenessProbe: { exec: ask('ping'), periodSeconds: 15, failureThreshold: 4, timeoutSeconds: 10 },
  };
}

/** Redis on one pod: Service `redis`, port 6379. */
export class Redis extends pulumi.ComponentResource {
  constructor(name: string, args: RedisArgs, opts?: pulumi.ComponentResourceOptions) {
    super('breakwater:redis:Redis', name, {}, opts);
    const { config, credentials, namespace, storageNodes } = args;
    new SingleServer(
      name,
      {
        namespace,
        port: REDIS_PORT,
        files: {
          'redis.conf': redisConf(config.redis),
          'start.sh': readFileSync(join(__dirname, 'start.sh'), 'utf8'),
        },
        volume: {
          sizeGiB: config.redis.volumeGiB,
          storageClass: config.cluster.storageClass,
          storageNodes,
          protect: config.cluster.protect,
        },
        pod: {
          userId: REDIS_USER_ID,
          containers: [redisContainer(config, credentials)],
          terminationGraceSeconds: 60,
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
