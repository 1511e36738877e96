// The implementation of each step of plan.ts.
import type { Step } from '../context.ts';
import type { StepName } from '../plan.ts';
import { hpa } from './autoscaling.ts';
import { aws } from './aws.ts';
import { backup } from './backup.ts';
import { again, doctor, preview, refresh, up } from './bring-up.ts';
import { drainSpeed, lastConsumer, scaling } from './consumers.ts';
import { network, podSecurity } from './isolation.ts';
import { monitoring } from './monitoring.ts';
import { nodePort, sysctls } from './nodes.ts';
import { refused } from './refused.ts';
import { rollApi, rollKafka, rotateKafka, rotateMongo, rotateRedis, upgradeKafka } from './rolling.ts';
import { agents, brokers, partitions, rate, replicas } from './scale.ts';
import { hidden, passwords } from './secrets.ts';
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
  backup,
  replicas,
  agents,
  brokers,
  partitions,
  rate,
  sysctls,
  'node-port': nodePort,
  hpa,
  aws,
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
