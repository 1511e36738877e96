// The API's settings. config/schema/ says what each means and what its default is.
import { z } from 'zod';
import {
  commonSettings,
  integer,
  number,
  port,
  queueSettings,
  storeSettings,
  text,
  withQueue,
  withStore,
} from '../shared/settings.ts';
import { tracingSettings } from '../shared/tracing/create.ts';

export const apiSettings = withQueue(
  withStore(
    z.object({
      ...commonSettings,
      ...queueSettings,
      ...storeSettings,
      ...tracingSettings,
      API_HOST: text,
      API_PORT: port,
      API_WORKERS: integer(1),
      API_MAX_EVENT_LOOP_DELAY_MS: integer(0),
      API_MAX_WAIT_MS: integer(1),
      API_BODY_LIMIT_KIB: integer(1),
      /** What the bodies of all requests of one process may hold in memory, bytes. */
      API_BODIES_BYTES: integer(1),
      /** Connections of one process. */
      API_MAX_CONNECTIONS: integer(1),
      /** At least 1: for Node's server, 0 means no limit. */
      API_REQUEST_TIMEOUT_MS: integer(1),
      /**
       * After SIGTERM, the API is not ready but serves for this long, until load balancers notice.
       */
      API_DRAIN_DELAY_MS: integer(0),
      API_CATALOGUE_SIZE: integer(1),
      API_ZIPF_EXPONENT: number(0),
      PAYLOAD_CHARS: integer(1),
      CACHE_TTL_SECONDS: integer(1),
      /** Absent with an external MongoDB, which has no gate. */
      GATE_METRICS_URL: z.url().optional(),
    }),
  ),
);

export type ApiSettings = z.infer<typeof apiSettings>;
