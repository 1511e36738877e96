// The one logger: structured JSON lines on standard output.

import type { Logger as PinoLogger } from 'pino';
import { pino } from 'pino';

export type Logger = PinoLogger;

/** A logger that names its app on each line. @param level least severe level that is written */
export function createLogger(app: string, level: string): Logger {
  return pino({
    level,
    base: { app, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ['*.password', '*.payload', 'payload', 'password'], remove: true },
  });
}
