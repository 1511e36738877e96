// Several API processes in one pod: they share the port, and their metrics are added up behind one.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { AggregatorRegistry, type MetricObject, type Registry } from 'prom-client';
import type { App } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/logger.ts';

/** Set in the environment of a worker. */
export const WORKER_FLAG = 'API_IS_WORKER';

type Report = { ready: boolean; metrics: MetricObject[] };

export interface Workers extends App {
  ready(): boolean;
  /** All workers' metrics as text. What a worker counted that has ended since is in them, but for its last second. */
  metrics(): Promise<string>;
}

/** A worker that fails is replaced after so long, milliseconds. */
const RESPAWN_MS = 1_000;
/** How often workers report, milliseconds. */
const REPORT_MS = 1_000;

/** What of a worker's metrics outlives it: what it counted, not how it was. */
const countsOf = ({ metrics }: Report): MetricObject[] =>
  // The package's types say that it is a number.
  metrics.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));

/** Starts `count` workers out of `file` and keeps that many alive. */
export function startWorkers(file: string, count: number, logger: Logger): Workers {
  const workers = new Map<ChildProcess, Report | undefined>();
  /** Counts of the workers that have ended: a total that fell would look like a restart of the whole API. */
  let ended: MetricObject[] = [];
  let stopping = false;
  const spawn = (): void => {
    const worker = fork(file, { env: { ...process.env, [WORKER_FLAG]: '1' } });
    workers.set(worker, undefined);
    worker.on('message', (report) => {
      // A message may arrive after the exit.
      if (workers.has(worker)) workers.set(worker, report as Report);
    });
    worker.once('exit', (code, signal) => {
      const last = workers.get(worker);
      workers.delete(worker);
      if (last) ended = AggregatorRegistry.aggregate([ended, countsOf(last)]).getMetricsAsArray();
      if (stopping) return;
      logger.error({ worker: worker.pid, code, signal }, 'a worker ended; starting another');
      setTimeout(() => !stopping && spawn(), RESPAWN_MS);
    });
  };
  for (let i = 0; i < count; i++) spawn();
  const reports = () => [...workers.values()].filter((report) => report !== undefined);
  return {
    ready: () => !stopping && reports().some((report) => report.ready),
    metrics: async () => AggregatorRegistry.aggregate([ended, ...reports().map((report) => report.metrics)]).metrics(),
    async stop() {
      stopping = true;
      const exits = [...workers.keys()].map((worker) => once(worker, 'exit'));
      for (const worker of workers.keys()) worker.kill('SIGTERM');
      await Promise.all(exits);
    },
  };
}

/** The worker's side: reports to the parent. @returns how to end it */
export function reportToParent(registry: Registry, ready: () => boolean): () => void {
  const report = async () => {
    const metrics = await registry.getMetricsAsJSON();
    // Sending to a parent that is gone would end this process before it has drained.
    if (process.connected) process.send?.({ ready: ready(), metrics });
  };
  const timer = setInterval(() => void report(), REPORT_MS);
  void report();
  return () => clearInterval(timer);
}
