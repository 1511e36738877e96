// The addresses of MSK's brokers, which the AWS CLI knows and Cloud Control does not.
import { runWithin } from '../../tooling/run.ts';
import type { DynamicProvider } from '../dynamic-provider.ts';

/** Which brokers. */
export interface BootstrapInputs {
  readonly region: string;
  /** ARN of the MSK cluster. */
  readonly arn: string;
  /** Number of brokers: other brokers have other addresses. */
  readonly count: number;
}

/** Their addresses. */
export interface BootstrapState extends BootstrapInputs {
  /** `host:port`, several separated by commas. */
  readonly brokers: string;
}

const TIMEOUT_MS = 30_000;

async function ask(inputs: BootstrapInputs): Promise<BootstrapState> {
  const { region, arn } = inputs;
  const query = ['--query', 'BootstrapBrokerStringSaslScram', '--output', 'text'];
  const printed = await runWithin(TIMEOUT_MS)('aws', [
    'kafka',
    'get-bootstrap-brokers',
    '--region',
    region,
    '--cluster-arn',
    arn,
    ...query,
  ]);
  return { ...inputs, brokers: printed.trim() };
}

/** Asks once for each cluster and number of brokers. */
export const provider: DynamicProvider<BootstrapInputs, BootstrapState> = {
  async diff(_id, old, { arn, count }) {
    return { changes: old.arn !== arn || old.count !== count };
  },
  async create(inputs) {
    return { id: inputs.arn, outs: await ask(inputs) };
  },
  async update(_id, _old, inputs) {
    return { outs: await ask(inputs) };
  },
};
