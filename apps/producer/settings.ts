// What the producer is told by its environment.
import { z } from 'zod';
import { commonSettings, integer, queueSettings } from '../shared/settings.ts';
import { MAX_RATE, MIN_RATE } from './pacer.ts';

export const producerSettings = z.object({
  ...commonSettings,
  ...queueSettings,
  /** Messages a second: 0 pauses, else 0.008 (one in about two minutes) to 20000. */
  PRODUCER_RATE: z.coerce
    .number()
    .refine(
      (rate) => rate === 0 || (rate >= MIN_RATE && rate <= MAX_RATE),
      `must be 0 or ${MIN_RATE} to ${MAX_RATE} messages a second`,
    )
    .default(1),
  /** Length of a payload, characters. */
  PAYLOAD_CHARS: integer(1, 65_536).default(512),
});
