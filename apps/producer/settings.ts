// The producer's settings. config/schema/ says what each means and what its default is.
import { z } from 'zod';
import { commonSettings, integer, number, queueSettings, withQueue } from '../shared/settings.ts';
import { MAX_RATE, MIN_RATE } from './pacer.ts';

export const producerSettings = withQueue(
  z.object({
    ...commonSettings,
    ...queueSettings,
    /** Within the pacer's own limits, which also hold for PUT /rate: no config is parsed there. */
    PRODUCER_RATE: number(0).refine(
      (rate) => rate === 0 || (rate >= MIN_RATE && rate <= MAX_RATE),
      `must be 0 or from ${MIN_RATE} to ${MAX_RATE} messages per second`,
    ),
    PAYLOAD_CHARS: integer(1),
  }),
);
