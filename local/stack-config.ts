// The config of a stack as it runs on one machine: the stack file with what the command line says.
import { join } from 'node:path';
import { loadStackConfig } from '../config/load.ts';
import type { StackConfig } from '../config/schema.ts';
import { ServerUnavailableError } from './errors.ts';
import { installKafka } from './install/kafka.ts';
import type { InstallOptions } from './install/options.ts';
import type { QueueKind } from './options.ts';

/** Where the stack files are. */
export const REPOSITORY = join(import.meta.dirname, '..');

/**
 * On one machine further brokers share the first one's disk and cores: they make the start slower
 * and nothing safer.
 */
const DEFAULT_BROKERS = 1;

/** The local run makes a queue of its own (stack-servers.ts), but the config requires one. */
const ANY_QUEUE = { 'sqs:queueUrl': 'http://127.0.0.1/queue', 'sqs:region': 'elasticmq' };

interface ConfigOptions {
  /** Which `Pulumi.<stack>.yaml`. */
  readonly stack: string;
  /** Keys that win over the stack file. */
  readonly overrides?: Readonly<Record<string, string>> | undefined;
  readonly queue?: QueueKind | undefined;
  readonly brokers?: number | undefined;
  /** Gets a line where the run differs from the stack file. */
  readonly log?: (line: string) => void;
}

/** The stack's config, with its copies lowered to the number of brokers. @throws ConfigError */
export function localConfig({ stack, overrides, queue, brokers = DEFAULT_BROKERS, log }: ConfigOptions): StackConfig {
  const given = { ...(queue === 'sqs' && ANY_QUEUE), ...overrides, ...(queue && { 'queue:kind': queue }) };
  const { replicationFactor, minInsyncReplicas } = loadStackConfig(stack, REPOSITORY, given).kafka;
  const config = loadStackConfig(stack, REPOSITORY, {
    ...given,
    'kafka:brokers': String(brokers),
    'kafka:replicationFactor': String(Math.min(replicationFactor, brokers)),
    'kafka:minInsyncReplicas': String(Math.min(minInsyncReplicas, brokers)),
  });
  const { kind } = config.store;
  if (kind !== 'mongo') log?.(`the store is MongoDB instead: the local run has no ${kind}`);
  return { ...config, store: { kind: 'mongo' } };
}

/**
 * Falls back to Redis Streams where Kafka cannot run.
 *
 * @throws ServerUnavailableError where `kafkaWasAsked`
 */
export async function withQueueThatRuns(
  config: StackConfig,
  kafkaWasAsked: boolean,
  install: InstallOptions,
): Promise<StackConfig> {
  if (config.queue.kind !== 'kafka') return config;
  try {
    await installKafka(install);
    return config;
  } catch (error) {
    if (!(error instanceof ServerUnavailableError) || kafkaWasAsked) throw error;
    install.log?.(`Kafka cannot run here: ${error.message}`);
    install.log?.(
      'the queue is Redis Streams instead (--queue kafka insists, --queue redis-streams leaves this message out)',
    );
    return { ...config, queue: { ...config.queue, kind: 'redis-streams' } };
  }
}

/**
 * API processes: what the stack says, but a process beyond the machine's cores makes nothing
 * faster.
 */
export function apiProcesses(config: StackConfig, asked: number | undefined, cores: number, platform: string): number {
  if (asked !== undefined) return asked;
  if (platform !== 'linux') return 1; // only Linux lets processes share a port
  return Math.min(config.hpa.enabled ? config.hpa.minReplicas : config.api.replicas, cores);
}
