// The baseline's process: Express on one port, MongoDB (through the gate) behind it.
import { createServer } from 'node:http';
import { z } from 'zod';
import { type App, runApp } from '../../../apps/shared/lifecycle.ts';
import { createLogger } from '../../../apps/shared/logger.ts';
import { connectMongo } from '../../../apps/shared/mongo.ts';
import { integer, loadSettings, mongoSettings, port } from '../../../apps/shared/settings.ts';
import { createBaseline } from './app.ts';

const settingsSchema = z.object({
  ...mongoSettings,
  BASELINE_PORT: port,
  PAYLOAD_CHARS: integer(1),
});

/** Default of the driver. */
const DRIVER_POOL_SIZE = 100;

async function start(): Promise<App> {
  const settings = loadSettings(settingsSchema, process.env);
  const { client, db } = connectMongo({ url: settings.MONGO_URL, appName: 'baseline', maxPoolSize: DRIVER_POOL_SIZE });
  await client.connect();
  const server = createServer({ keepAliveTimeout: 65_000 }, createBaseline(db, settings.PAYLOAD_CHARS));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: settings.BASELINE_PORT, host: '127.0.0.1', backlog: 65_535 }, resolve);
  });
  return {
    async stop() {
      server.close();
      server.closeAllConnections();
      await client.close();
    },
  };
}

await runApp(start, createLogger('baseline', 'warn'));
