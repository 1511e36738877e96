// The load test for other programs: what the end-to-end script runs a load with.
export { clusterConsumers } from './consumers.ts';
export { startBuiltin } from './generator/start.ts';
export type { Ledger } from './ledger/ledger.ts';
export { PROFILES, type Profile } from './profiles.ts';
export { failedRatio, type Report } from './report/report.ts';
export { runLoadTest } from './run.ts';
