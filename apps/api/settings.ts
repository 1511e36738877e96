// The API's settings.
import { z } from 'zod';
import { commonSettings, integer, mongoSettings, port, queueSettings } from '../shared/settings.ts';

export const apiSettings = z.object({
  ...commonSettings,
  ...queueSettings,
  ...mongoSettings,
  API_HOST: z.string().default('0.0.0.0'),
  API_PORT: port.default(8000),
  /** Processes that share the port. */
  API_WORKERS: integer(1, 64).default(1),
  /** Characters of a payload that the API makes. */
  PAYLOAD_CHARS: integer(1, 65_536).default(512),
  /** The event loop may be late by so much before requests are shed, milliseconds; 0 = never shed for it. */
  API_MAX_EVENT_LOOP_DELAY_MS: integer(0).default(1_000),
  /** A request that waited longer than this for its turn is shed, milliseconds. */
  API_MAX_WAIT_MS: integer(1).default(4_000),
  /** A request body may have so many KiB. */
  API_BODY_LIMIT_KIB: integer(1, 16_384).default(1_024),
  /** A request must have arrived whole within so many milliseconds. */
  API_REQUEST_TIMEOUT_MS: integer(1_000).default(10_000),
  /** After SIGTERM the API is not ready but still serves for so long, so that load balancers notice, milliseconds. */
  API_DRAIN_DELAY_MS: integer(0).default(0),
  /** How long a record stays cached once it is stored, seconds. */
  CACHE_TTL_SECONDS: integer(1).default(600),
  /** Ids that the API knows of and chooses reads from. */
  API_CATALOGUE_SIZE: integer(5, 10_000_000).default(100_000),
  /** How uneven reads are: 0 = all records alike; 1 = the n-th most read gets 1/n of the first's. */
  API_ZIPF_EXPONENT: z.coerce.number().min(0).max(5).default(1),
  /** Metrics server of the gate, for /api/stats. */
  GATE_METRICS_URL: z.url().optional(),
});

export type ApiSettings = z.infer<typeof apiSettings>;
