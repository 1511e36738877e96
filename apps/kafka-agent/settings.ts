// The Kafka agent's settings.
import { z } from 'zod';
import { commonSettings, integer, text } from '../shared/settings.ts';

export const agentSettings = z.object({
  ...commonSettings,
  /** The pod's name, set by Kubernetes: its number is the broker's id. */
  HOSTNAME: z
    .string()
    .regex(/-\d+$/, 'must end with the number of the broker, as the pods of a StatefulSet do')
    .transform((name) => Number(name.slice(name.lastIndexOf('-') + 1))),
  /** Where the broker beside the agent listens for other brokers. */
  BROKER_HOST: text,
  BROKER_PORT: integer(1, 65_535),
  /** How long the agent delays a stopping broker until the others can do without it. */
  STOP_WAIT_SECONDS: integer(0),
});
