// A way into the cluster for a while: a port of this machine that leads to a service, and comes back when its pod is replaced.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl } from './kubectl.ts';
import { guardProcess, unguardProcess } from './process/guard.ts';
import { CommandError } from './run.ts';

export interface PortForward {
  /** On 127.0.0.1. */
  readonly port: number;
  /** May be called twice. */
  close(): Promise<void>;
}

const RETRY_MS = 300;
const START_MS = 20_000;

/** The port in kubectl's words, undefined where they speak of something else. */
export const forwardedPort = (text: string): number | undefined => {
  const [, port] = /^Forwarding from 127\.0\.0\.1:(\d+) ->/m.exec(text) ?? [];
  return port === undefined ? undefined : Number(port);
};

/** @param target such as `service/mongo` @throws CommandError when the first connection cannot be made */
export async function forwardPort(
  kubectl: Kubectl,
  namespace: string,
  target: string,
  port: number,
): Promise<PortForward> {
  let closed = false;
  const first = await start(kubectl, namespace, target, `:${port}`);
  let current = first;
  const keep = async (): Promise<void> => {
    for (;;) {
      await current.ended;
      while (!closed) {
        const next = await start(kubectl, namespace, target, `${first.port}:${port}`).catch(() => undefined);
        if (next !== undefined) {
          current = next;
          break;
        }
        await sleep(RETRY_MS);
      }
      if (closed) return current.stop();
    }
  };
  const kept = keep();
  return {
    port: first.port,
    async close() {
      closed = true;
      current.stop();
      await kept;
    },
  };
}

interface Running {
  readonly port: number;
  readonly ended: Promise<unknown>;
  stop(): void;
}

async function start(kubectl: Kubectl, namespace: string, target: string, ports: string): Promise<Running> {
  const args = kubectl.args(['port-forward', '--namespace', namespace, '--address', '127.0.0.1', target, ports]);
  const child = spawn('kubectl', args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const fail = (why: string) =>
    reject(new CommandError(`kubectl port-forward ${target}: ${why}\n${output.trim()}`, null, output));
  child.once('error', (error) => fail(error.message));
  const ended = once(child, 'close').catch(() => undefined);
  const timer = setTimeout(() => {
    child.kill('SIGTERM');
    fail(`not there after ${START_MS} ms`);
  }, START_MS);
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4000);
      const port = forwardedPort(output);
      if (port !== undefined) resolve(port);
    });
  const { pid } = child;
  if (pid !== undefined) {
    guardProcess(pid);
    ended.then(() => {
      unguardProcess(pid);
      fail('ended');
    });
  }
  try {
    return { port: await promise, ended, stop: () => void child.kill('SIGTERM') };
  } finally {
    clearTimeout(timer);
  }
}
