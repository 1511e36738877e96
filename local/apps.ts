// The stack's apps as processes of this machine: how each is started, and how we know that it is ready.
import { join } from 'node:path';
import { logTail, spawnGuarded, waitUntilReady } from '../tooling/process/guarded.ts';
import { LocalError } from './errors.ts';
import type { Unit } from './supervisor.ts';

const appsDir = join(import.meta.dirname, '..', 'apps');
const nodeOptions = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];

/** An app to start. */
export interface AppSpec {
  /** What to call it: `api-0`. */
  name: string;
  /** Its folder in apps/. */
  app: 'api' | 'console' | 'consumer' | 'gate' | 'producer' | 'topics';
  env: Readonly<Record<string, string>>;
  logFile: string;
}

/** Starts an app that runs until stopped, and waits until its metrics server says that it is ready. */
export async function startApp(spec: AppSpec, metricsPort: number): Promise<Unit> {
  const process = spawnApp(spec, 30_000);
  await waitUntilReady(process, () => isReady(metricsPort), 60_000);
  return process;
}

/** Runs an app that ends by itself. @throws LocalError with the end of its log if it fails */
export async function runJob(spec: AppSpec): Promise<void> {
  const { code, signal } = await spawnApp(spec, 5_000).exited;
  if (code === 0) return;
  const how = signal ?? `exit status ${code}`;
  throw new LocalError(
    'app_failed',
    `${spec.name} failed (${how}); ${spec.logFile} ends with:\n${logTail(spec.logFile)}`,
  );
}

function spawnApp({ name, app, env, logFile }: AppSpec, graceMs: number) {
  const args = [...nodeOptions, join(appsDir, app, 'main.ts')];
  return spawnGuarded({ name, command: process.execPath, args, env, logFile, graceMs });
}

async function isReady(metricsPort: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${metricsPort}/readyz`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // not listening yet
  }
}
