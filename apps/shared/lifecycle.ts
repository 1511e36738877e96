// The one lifecycle: start, run until a signal, stop in order, leave.
import type { Logger } from './logger.ts';
import { SettingsError } from './settings.ts';

/** What a running app gives back: how to stop it. */
export interface App {
  /** Settles when the app ends by itself; a rejection ends the process with status 1. */
  readonly done?: Promise<void>;
  /** Finishes what was begun and lets go of everything; may be called twice. */
  stop(): Promise<void>;
}

export interface RunOptions {
  /** How long stopping may take before the process leaves anyway; stay below the pod's grace period. Default 25 s. */
  stopTimeoutMs?: number;
}

/**
 * Runs an app as this process: SIGTERM and SIGINT stop it gracefully, a second one at once. A parent that started it
 * with an IPC channel and vanished counts as SIGTERM, so that no orphan stays. Exit status 0 after a clean stop, 1 after an error, 2 for bad settings.
 */
export async function runApp(start: () => Promise<App>, logger: Logger, options: RunOptions = {}): Promise<void> {
  const { stopTimeoutMs = 25_000 } = options;
  let app: App | undefined;
  let stopping = false;
  const stop = async (why: string, status = 0): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ why }, 'stopping');
    setTimeout(() => {
      logger.error({ stopTimeoutMs }, 'stopping took too long; leaving');
      process.exit(1);
    }, stopTimeoutMs).unref();
    try {
      await app?.stop();
    } catch (error) {
      logger.error({ err: error }, 'stopping failed');
      process.exit(1);
    }
    logger.info('stopped');
    process.exit(status);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  if (process.connected) process.once('disconnect', () => void stop('parent gone'));
  process.on('unhandledRejection', (error) => {
    logger.fatal({ err: error }, 'unhandled rejection');
    void stop('unhandled rejection', 1);
  });
  try {
    app = await start();
    app.done?.then(
      () => !stopping && void stop('done'),
      (error) => {
        logger.fatal({ err: error }, 'broke down');
        if (!stopping) void stop('broke down', 1);
      },
    );
  } catch (error) {
    if (error instanceof SettingsError) logger.fatal(error.message);
    else logger.fatal({ err: error }, 'could not start');
    process.exit(error instanceof SettingsError ? 2 : 1);
  }
}
