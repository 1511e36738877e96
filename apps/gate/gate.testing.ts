// Shared by the gate's tests: handmade messages, and the busiest second in a list of times.
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { appEnvironment } from '../../test/app-environment.ts';
import { type Gate, startGate } from './gate.ts';
import { readSettings } from './settings.ts';

/** A message of the wire protocol. */
export function message(opCode: number, body: Buffer, requestId = 1, responseTo = 0): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(16 + body.length, 0);
  head.writeInt32LE(requestId, 4);
  head.writeInt32LE(responseTo, 8);
  head.writeInt32LE(opCode, 12);
  return Buffer.concat([head, body]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

/** A BSON document `{ [command]: 1, padding: <paddingBytes> }`. */
export function commandDocument(command: string, paddingBytes = 0): Buffer {
  const elements = Buffer.concat([
    Buffer.from(`\x10${command}\0`, 'latin1'),
    int32(1),
    Buffer.from('\x05padding\0', 'latin1'),
    int32(paddingBytes),
    Buffer.alloc(1 + paddingBytes),
    Buffer.alloc(1),
  ]);
  return Buffer.concat([int32(4 + elements.length), elements]);
}

/** A kind-0 section. */
export const commandSection = (command: string, paddingBytes = 0): Buffer =>
  Buffer.concat([Buffer.from([0]), commandDocument(command, paddingBytes)]);

/** The body of an OP_MSG. */
export const msgBody = (sections: readonly Buffer[], flags = 0): Buffer => Buffer.concat([int32(flags), ...sections]);

/** The maximum number of times within any span of `spanMs` (excluding its end). */
export function busiestSpan(times: readonly number[], spanMs = 1000): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= spanMs) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** A gate for a test, on free ports. */
export interface GateFixture extends Gate {
  /** The lines of its log. */
  readonly log: string[];
  /** Connection string of the gate. */
  readonly url: string;
  get<T = string>(path: string): Promise<{ status: number; body: T }>;
  /** The value of a metric with these labels; 0 if it has none. */
  metric(name: string, labels?: string): Promise<number>;
}

/**
 * Starts a gate in front of a port on loopback.
 * @param backupIops share of a port for backups; without it, there is no such port
 */
export async function openGate(upstreamPort: number, iops: number, backupIops?: number): Promise<GateFixture> {
  const log: string[] = [];
  const settings = readSettings(
    appEnvironment('gate', {
      GATE_UPSTREAM: `127.0.0.1:${upstreamPort}`,
      MONGO_IOPS: String(iops),
      ...(backupIops !== undefined && { GATE_BACKUP_PORT: '0', GATE_BACKUP_IOPS: String(backupIops) }),
    }),
  );
  const gate = await startGate(settings, pino({ level: 'debug' }, { write: (line: string) => log.push(line) }));
  const get = async <T>(path: string): Promise<{ status: number; body: T }> => {
    const response = await fetch(`http://127.0.0.1:${gate.metricsPort}${path}`);
    const json = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, body: (json ? await response.json() : await response.text()) as T };
  };
  return {
    ...gate,
    log,
    url: `mongodb://127.0.0.1:${gate.port}/?directConnection=true`,
    get,
    async metric(name, labels = '') {
      const { body } = await get<string>('/metrics');
      const lines = body.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(labels));
      return lines.reduce((sum, line) => sum + Number(line.split(' ').pop()), 0);
    },
  };
}

/** Waits until something holds. @throws when it doesn't in time */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(10);
  }
}
