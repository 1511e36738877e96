// The command line of `npm run e2e`, parsed once into typed values.
import { parseArgs } from 'node:util';
import { closest } from 'fastest-levenshtein';
import { configPair } from '../../config/load.ts';
import { UsageError } from '../../tooling/errors.ts';
import { EXTRA, isOnAws, STACKS, STEPS, type StepName, type StepPlan } from './plan.ts';

/** A cluster that exists before the run and stays after it. */
export interface Existing {
  readonly context: string;
  /** Image prefix: this machine can push there, and the cluster can pull. */
  readonly registry: string;
  /** Base URL of its ingress as seen from this machine. */
  readonly address: string;
}

export interface Options {
  /** Name in `Pulumi.<stack>.yaml`. */
  readonly stack: string;
  /** Config that overrides the stack file. */
  readonly config: Readonly<Record<string, string>>;
  /** In the order in which they run. */
  readonly steps: readonly StepName[];
  /** The cluster to run on; undefined: the run creates one. */
  readonly existing: Existing | undefined;
  /** Whether images are pulled first: times are recorded, but not judged. */
  readonly cold: boolean;
  /** Whether the stack stays up. */
  readonly keep: boolean;
  /** Folder for Pulumi's state and the logs; undefined: a temporary one. */
  readonly work: string | undefined;
  readonly reportDir: string;
}

const FLAGS = {
  stack: { value: 'NAME', help: `${STACKS.join(', ')}: the stack file to use, in a stack named e2e-NAME` },
  config: { value: 'KEY=VALUE', help: 'override the stack file; repeatable' },
  steps: { value: 'A,B', help: 'run only these steps, listed below (default: all that apply to the stack)' },
  context: { value: 'NAME', help: 'use this existing cluster (cluster:kind kubeconfig); needs the next two' },
  registry: { value: 'PREFIX', help: 'image prefix: this machine can push there, and that cluster can pull' },
  address: { value: 'URL', help: "address of that cluster's ingress, as seen from this machine" },
  cold: { value: '', help: 'record times without judging them: the images are not on this machine yet' },
  keep: { value: '', help: 'leave the stack up, and print how to continue with it' },
  work: { value: 'DIR', help: "keep Pulumi's state and logs here, and continue the stack that is kept here" },
  report: { value: 'DIR', help: 'write e2e-<stack>-<time>/ here (default: reports)' },
} as const;

/** Options without a value. */
const isSwitch = (name: string): boolean => (FLAGS as Record<string, { value: string }>)[name]?.value === '';

/** Config of the run, on top of the stack file. */
export const configOf = ({ stack, config, existing }: Options): Readonly<Record<string, string>> => ({
  ...EXTRA[stack],
  ...(existing && {
    ...(!isOnAws(stack) && { 'cluster:kind': 'kubeconfig' }),
    'cluster:context': existing.context,
    'cluster:registry': existing.registry,
  }),
  ...config,
});

export function helpText(): string {
  const flags = Object.entries(FLAGS).map(
    ([name, { value, help }]) => `  --${`${name} ${value}`.trimEnd().padEnd(18)} ${help}`,
  );
  const steps = Object.entries(STEPS).map(([name, { title }]) => `  ${name.padEnd(18)} ${title}`);
  return [
    'npm run e2e -- --stack NAME [options]',
    '',
    'Brings a stack up on a real cluster, applies day-2 changes to it, and destroys it. Uses pulumi, docker, k3d and',
    'kubectl from the PATH. Your own stacks, stack files and kubeconfig stay as they are.',
    'Exit status 0: every check passed; 1: a check failed, or something was left behind; 2: wrong usage.',
    '',
    'Options:',
    ...flags,
    '',
    'If another stack occupies the ports, choose others: --config cluster:httpPort=18080, and likewise nodePortHostPort,',
    'apiPort and registryPort.',
    '',
    'Without access to public registries: --config images:digests=false --config images:mirror=REGISTRY',
    '--config charts:keda=PATH. Leave out what is unavailable: --config kafka:ui=false --config monitoring:enabled=false.',
    '',
    'Steps:',
    ...steps,
  ].join('\n');
}

/** @returns null for --help @throws UsageError with every problem, one a line */
export function parseOptions(args: readonly string[]): Options | null {
  const problems: string[] = [];
  const given = readFlags(args, problems);
  if (given === null) return null;
  const one = (name: string): string | undefined => given.get(name)?.at(-1);

  const stack = one('stack') ?? '';
  const known = (STACKS as readonly string[]).includes(stack);
  if (!known) problems.push(`--stack: must be one of ${STACKS.join(', ')}; found "${stack}"`);
  const config = Object.fromEntries(
    (given.get('config') ?? []).flatMap((text) => {
      const pair = configPair(text);
      if (!pair) problems.push(`--config: must look like images:digests=false; found "${text}"`);
      return pair ? [pair] : [];
    }),
  );
  const [context, registry, address] = [one('context'), one('registry'), one('address')];
  const existing =
    context !== undefined && registry !== undefined && address !== undefined
      ? { context, registry, address }
      : undefined;
  if (!existing && (context ?? registry ?? address) !== undefined)
    problems.push('--context, --registry and --address: an existing cluster needs all three');
  if (address !== undefined && !URL.canParse(address)) problems.push(`--address: must be a URL; found "${address}"`);
  const steps = one('steps')?.split(',') ?? (known ? planned(stack, existing !== undefined) : []);
  for (const name of steps)
    if (!(name in STEPS))
      problems.push(`--steps: unknown step "${name}"; did you mean ${closest(name, Object.keys(STEPS))}?`);
  if (problems.length > 0) throw new UsageError(`${problems.join('\n')}\n\nnpm run e2e -- --help shows all options.`);
  return {
    stack,
    config,
    steps: steps as StepName[],
    existing,
    cold: given.has('cold'),
    keep: given.has('keep'),
    work: one('work'),
    reportDir: one('report') ?? 'reports',
  };
}

/** The steps of a stack. Those that need nodes of our own are left out on an existing cluster. */
const planned = (stack: string, existing: boolean): readonly string[] =>
  (Object.keys(STEPS) as StepName[]).filter((name) => {
    const { stacks, clusters = 'any' }: StepPlan = STEPS[name];
    return stacks.includes(stack as never) && (clusters === 'any' || !existing);
  });

/** The values of each flag, in order; null for --help. Adds to `problems`. */
function readFlags(args: readonly string[], problems: string[]): Map<string, string[]> | null {
  const options = { help: { type: 'boolean' as const, short: 'h' } };
  for (const name of Object.keys(FLAGS))
    Object.assign(options, { [name]: { type: isSwitch(name) ? 'boolean' : 'string' } });
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`unexpected "${token.value}"; options begin with --`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help' || token.name === 'h') return null;
    if (!(token.name in FLAGS)) {
      const meant = closest(token.name, Object.keys(FLAGS));
      problems.push(`${token.rawName}: unknown option; did you mean --${meant}?`);
    } else if (!isSwitch(token.name) && (!token.value || token.value.startsWith('--')))
      problems.push(`--${token.name}: needs a value`);
    else given.set(token.name, [...(given.get(token.name) ?? []), token.value ?? '']);
  }
  return given;
}
