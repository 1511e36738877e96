// What the agent is told by its environment.
import { z } from 'zod';
import { commonSettings, integer } from '../shared/settings.ts';

export const agentSettings = z.object({
  ...commonSettings,
  /** The pod's name, which Kubernetes sets: its number is the broker's id. */
  HOSTNAME: z
    .string()
    .regex(/-\d+$/, 'must end with the number of the broker, as the pods of a StatefulSet do')
    .transform((name) => Number(name.slice(name.lastIndexOf('-') + 1))),
  /** Where the broker beside the agent listens for other brokers. */
  BROKER_HOST: z.string().default('127.0.0.1'),
  BROKER_PORT: integer(1, 65_535),
  /** How long a broker that is told to stop waits until the others can do without it, seconds. */
  STOP_WAIT_SECONDS: integer(0),
});
