// The gate's settings, from its environment.
import { z } from 'zod';
import { commonSettings, integer, loadSettings, port } from '../shared/settings.ts';

const hostAndPort = z.string().transform((text, context) => {
  const [, host, digits] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text) ?? [];
  const number = Number(digits);
  if (host && number >= 1 && number <= 65_535) return { host, port: number };
  context.addIssue({ code: 'custom', message: `must be host:port, such as 127.0.0.1:27017; it is "${text}"` });
  return z.NEVER;
});

const schema = z.object({
  ...commonSettings,
  /** Address that clients connect to. */
  GATE_HOST: z.string().default('0.0.0.0'),
  GATE_PORT: port.default(27_018),
  /** MongoDB's host:port. */
  GATE_UPSTREAM: hostAndPort,
  /** Operations a second that may pass; 0 lets all through and only counts. */
  MONGO_IOPS: integer(0, 1_000_000).default(100),
});

export type GateSettings = z.infer<typeof schema>;

/** @throws SettingsError naming every wrong variable */
export const readSettings = (env: Readonly<Record<string, string | undefined>>): GateSettings =>
  loadSettings(schema, env);
