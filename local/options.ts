// The command line of `npm start`, parsed into typed values.
import { parseArgs } from 'node:util';
import { closest } from 'fastest-levenshtein';
import { LocalError } from './errors.ts';

const QUEUE_KINDS = ['kafka', 'redis-streams', 'sqs'] as const;
export type QueueKind = (typeof QUEUE_KINDS)[number];

export interface Options {
  /** Which `Pulumi.<stack>.yaml`. */
  readonly stack: string;
  /** Undefined: the stack's own. */
  readonly queue: QueueKind | undefined;
  /** Undefined: 1. */
  readonly brokers: number | undefined;
  /** Undefined: the stack's own, capped by the machine's cores. */
  readonly apiProcesses: number | undefined;
  /** `stack`: the config's ports; `free`: any. */
  readonly ports: 'stack' | 'free';
  /** Undefined: `.local/<stack>`. */
  readonly data: string | undefined;
  /** Whether Prometheus runs beside the stack. */
  readonly monitoring: boolean;
}

const flags = {
  stack: { value: 'NAME', help: 'run the stack of Pulumi.NAME.yaml (default: dev)' },
  queue: { value: 'KIND', help: "kafka, redis-streams or sqs, instead of the stack's queue:kind" },
  brokers: { value: 'N', help: 'Kafka brokers (default: 1, whatever kafka:brokers says); copies are lowered to fit' },
  'api-processes': { value: 'N', help: "API processes on one port, instead of the stack's api:replicas" },
  ports: { value: 'WHICH', help: "stack: the config's (default); free: any, so that runs stand side by side" },
  data: { value: 'DIR', help: 'where data and logs are kept (default: .local/NAME)' },
  monitoring: { value: '', help: 'also run Prometheus, with the rules that alert in a cluster' },
} as const;

/** Options without a value: there or not. */
const isSwitch = (name: string): boolean => (flags as Record<string, { value: string }>)[name]?.value === '';

export function helpText(): string {
  const lines = Object.entries(flags).map(([name, { value, help }]) => `  --${`${name} ${value}`.padEnd(18)} ${help}`);
  return [
    'npm start -- [options]',
    '',
    'Runs the stack as processes of this machine until Ctrl-C. Data stays for the next run.',
    '',
    'Options:',
    ...lines,
    '',
    'Servers that run already are used when the environment names them: BREAKWATER_REDIS_URL,',
    'BREAKWATER_MONGO_URL, BREAKWATER_KAFKA_BROKERS (host:port,host:port), BREAKWATER_SQS_URL.',
  ].join('\n');
}

/** @returns null when help was asked for @throws LocalError with every problem, one a line */
export function parseOptions(args: readonly string[]): Options | null {
  const problems: string[] = [];
  const given = new Map<string, string>();
  const options = { help: { type: 'boolean' as const, short: 'h' } };
  for (const name of Object.keys(flags))
    Object.assign(options, { [name]: { type: isSwitch(name) ? 'boolean' : 'string' } });
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`"${token.value}" stands alone; options begin with --`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help' || token.name === 'h') return null;
    if (!(token.name in flags)) {
      problems.push(
        `${token.rawName}: there is no such option; did you mean --${closest(token.name, Object.keys(flags))}?`,
      );
    } else if (isSwitch(token.name)) {
      if (token.value === undefined) given.set(token.name, 'on');
      else problems.push(`--${token.name}: takes no value`);
    } else if (!token.value || token.value.startsWith('--')) problems.push(`--${token.name}: needs a value`);
    else given.set(token.name, token.value);
  }
  const number = (name: string, max: number): number | undefined => {
    const text = given.get(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= max) return value;
    problems.push(`--${name}: must be a whole number from 1 to ${max}; it is "${text}"`);
    return undefined;
  };
  const queue = given.get('queue');
  if (queue !== undefined && !QUEUE_KINDS.some((kind) => kind === queue))
    problems.push(`--queue: must be kafka, redis-streams or sqs; it is "${queue}"`);
  const ports = given.get('ports') ?? 'stack';
  if (ports !== 'stack' && ports !== 'free') problems.push(`--ports: must be stack or free; it is "${ports}"`);
  const parsed = {
    stack: given.get('stack') ?? 'dev',
    queue: queue as QueueKind | undefined,
    brokers: number('brokers', 30),
    apiProcesses: number('api-processes', 100),
    ports: ports as Options['ports'],
    data: given.get('data'),
    monitoring: given.has('monitoring'),
  };
  if (problems.length > 0) {
    throw new LocalError('bad_arguments', `${problems.join('\n')}\n\nnpm start -- --help shows all options.`);
  }
  return parsed;
}
