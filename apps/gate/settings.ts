// The gate's settings. config/schema/ says what each means and what its default is.
import { z } from 'zod';
import { commonSettings, integer, loadSettings, port, text, type Variables } from '../shared/settings.ts';

const hostAndPort = z.string().transform((address, context) => {
  const [, host, digits] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(address) ?? [];
  const number = Number(digits);
  if (host && number >= 1 && number <= 65_535) return { host, port: number };
  context.addIssue({ code: 'custom', message: `must be host:port, such as 127.0.0.1:27017; it is "${address}"` });
  return z.NEVER;
});

const schema = z.object({
  ...commonSettings,
  GATE_HOST: text,
  GATE_PORT: port,
  /** MongoDB's host:port. */
  GATE_UPSTREAM: hostAndPort,
  MONGO_IOPS: integer(0),
  /** A second port, for backups. Without it there is none. */
  GATE_BACKUP_PORT: port.optional(),
  /** Operations a second, of those in MONGO_IOPS, that this port may use; 0 or absent = unlimited. */
  GATE_BACKUP_IOPS: integer(0).optional(),
});

export type GateSettings = z.infer<typeof schema>;

/** @throws SettingsError with all problems at once */
export const readSettings = (env: Variables): GateSettings => loadSettings(schema, env);
