// The steps by the names of plan.ts.
import type { Step } from '../context.ts';
import type { StepName } from '../plan.ts';
import { hpa } from './autoscaling.ts';
import { again, preview, refresh, up } from './bring-up.ts';
import { drainSpeed, lastConsumer, scaling } from './consumers.ts';
import { doctor } from './doctor.ts';
import { monitoring } from './monitoring.ts';
import { network } from './network.ts';
import { nodePort } from './node-port.ts';
import { passwords } from './passwords.ts';
import { podSecurity } from './pod-security.ts';
import { refused } from './refused.ts';
import { rollApi, rollKafka, rotateKafka, rotateMongo, rotateRedis, upgradeKafka } from './rolling.ts';
import { agents, brokers, partitions, rate, replicas } from './scale.ts';
import { hidden } from './secrets.ts';
import { sysctls } from './sysctls.ts';
import { destroy, gone } from './tear-down.ts';

export const steps: Readonly<Record<StepName, Step>> = {
  doctor,
  preview,
  up,
  again,
  refresh,
  network,
  'pod-security': podSecurity,
  passwords,
  secrets: hidden,
  monitoring,
  refused,
  replicas,
  agents,
  brokers,
  partitions,
  rate,
  sysctls,
  'node-port': nodePort,
  hpa,
  'roll-api': rollApi,
  'roll-kafka': rollKafka,
  'upgrade-kafka': upgradeKafka,
  'rotate-kafka': rotateKafka,
  'rotate-redis': rotateRedis,
  'rotate-mongo': rotateMongo,
  scaling,
  'drain-speed': drainSpeed,
  'last-consumer': lastConsumer,
  gone,
  destroy,
};
