// gate: the disk of the constrained MongoDB, as a proxy in front of it.
import { runApp } from '../shared/lifecycle.ts';
import { createLogger } from '../shared/logger.ts';
import { startGate } from './gate.ts';
import { readSettings } from './settings.ts';

const logger = createLogger('gate', process.env.LOG_LEVEL || 'info');
await runApp(() => startGate(readSettings(process.env), logger), logger);
