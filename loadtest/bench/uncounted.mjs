// Preloaded into an API process: its metrics exist and are never updated, so that their cost can be
// measured.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../apps/api/main.ts', import.meta.url));
const client = require('prom-client');
const nothing = () => {};
client.Counter.prototype.inc = nothing;
client.Gauge.prototype.set = nothing;
client.Histogram.prototype.observe = nothing;
client.collectDefaultMetrics = nothing;
