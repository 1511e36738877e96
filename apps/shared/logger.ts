// The one logger: structured JSON lines on standard output, without payloads and secrets.

import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { pino } from 'pino';
import { safeError, scrub } from './safe-error.ts';

export type Logger = PinoLogger;

/**
 * A logger that names its app on each line.
 * @param level least severe level that is written; default (and for a word that is no level) info
 * @param destination where lines go; default standard output
 */
export function createLogger(app: string, level = 'info', destination?: DestinationStream): Logger {
  return pino(
    {
      level: level in pino.levels.values || level === 'silent' ? level : 'info',
      base: { app, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Errors are logged as `err`, what a server said about a record as `reason`.
      serializers: { err: (error) => safeError(error), reason: (reason) => scrub(String(reason)) },
      redact: { paths: ['*.password', '*.payload', 'payload', 'password'], remove: true },
    },
    destination,
  );
}
