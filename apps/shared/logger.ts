// The one logger: structured JSON lines on standard output.

import type { Logger as PinoLogger } from 'pino';
import { pino } from 'pino';

export type Logger = PinoLogger;

/** A logger that names its app on each line. @param level least severe level that is written; default (and for a word that is no level) info */
export function createLogger(app: string, level = 'info'): Logger {
  return pino({
    level: level in pino.levels.values || level === 'silent' ? level : 'info',
    base: { app, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: ['*.password', '*.payload', 'payload', 'password'], remove: true },
  });
}
