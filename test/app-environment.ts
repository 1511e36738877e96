// The environment of an app under test: what the stack config's defaults make of it, on this
// machine.
import {
  type Addresses,
  agentEnvironment,
  apiEnvironment,
  consoleEnvironment,
  consumerEnvironment,
  type Environment,
  gateEnvironment,
  producerEnvironment,
  topicsEnvironment,
} from '../config/environment.ts';
import { parseStackConfig } from '../config/parse.ts';
import { liveProblems } from '../monitoring/problems/problems.ts';

/** No server answers there: a test names those that it needs. */
const NOWHERE = '127.0.0.1:1';
const addresses: Addresses = {
  kafkaBrokers: [NOWHERE],
  redisUrl: `redis://${NOWHERE}`,
  mongoUrl: `mongodb://${NOWHERE}/test`,
  mongoUpstream: NOWHERE,
};
const defaults = parseStackConfig({});
/** Free ports, reachable from this machine only. */
const listen = { host: '127.0.0.1', port: 0, metricsHost: '127.0.0.1', metricsPort: 0 };

const environments = {
  api: () => apiEnvironment(defaults, addresses, listen),
  console: () => {
    const targets = { api: [], consumer: [], gate: [], producer: [] };
    return consoleEnvironment(defaults, { stack: 'test', targets, problems: liveProblems(defaults) }, listen);
  },
  consumer: () => consumerEnvironment(defaults, addresses, listen),
  gate: () => gateEnvironment(defaults, addresses, listen),
  'kafka-agent': () => agentEnvironment({ brokerPort: 1, stopWaitSeconds: 1 }, listen),
  producer: () => producerEnvironment(defaults, addresses, listen),
  topics: () => topicsEnvironment(defaults, addresses),
} satisfies Record<string, () => Environment>;

/**
 * The environment of an app: the schema's defaults, on free ports of this machine, with servers
 * that do not answer.
 *
 * @param changes variables that replace those, such as the addresses of the servers that the test
 * runs
 */
export const appEnvironment = (app: keyof typeof environments, changes: Environment = {}): Environment => ({
  ...environments[app](),
  ...changes,
});
