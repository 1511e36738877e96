// The command line of `npm run e2e`, parsed once into typed values.
import { parseArgs } from 'node:util';
import { closest } from 'fastest-levenshtein';
import { UsageError } from '../../tooling/errors.ts';
import { STACKS, STEPS, type StepName, type StepPlan } from './plan.ts';

/** A cluster that was there before, and stays. */
export interface Existing {
  readonly context: string;
  /** Prefix of the images: this machine can push there, and the cluster pull. */
  readonly registry: string;
  /** Base address of its ingress, as this machine reaches it. */
  readonly address: string;
}

export interface Options {
  /** Which `Pulumi.<stack>.yaml`. */
  readonly stack: string;
  /** Config that wins over the stack file. */
  readonly config: Readonly<Record<string, string>>;
  /** In their order. */
  readonly steps: readonly StepName[];
  /** An existing cluster instead of one of its own. */
  readonly existing: Existing | undefined;
  /** Leaves the stack up. */
  readonly keep: boolean;
  /** Where Pulumi's state and the logs are kept; undefined: a new folder, deleted at the end. */
  readonly work: string | undefined;
  readonly reportDir: string;
}

const FLAGS = {
  stack: { value: 'NAME', help: `${STACKS.join(', ')}: the config of Pulumi.NAME.yaml, in a stack called e2e-NAME` },
  config: { value: 'KEY=VALUE', help: 'wins over the stack file; may be given many times' },
  steps: { value: 'A,B', help: 'only these, see below (default: all that make sense for the stack)' },
  context: { value: 'NAME', help: 'run on this existing cluster (cluster:kind kubeconfig); needs the next two' },
  registry: { value: 'PREFIX', help: 'where that cluster pulls images from, and this machine may push to' },
  address: { value: 'URL', help: "where that cluster's ingress is reached from here" },
  keep: { value: '', help: 'leave the stack up, and say how to go on with it' },
  work: { value: 'DIR', help: "keep Pulumi's state and logs here; a stack that was kept there is continued" },
  report: { value: 'DIR', help: 'where e2e-<stack>-<time>/ is made (default: reports)' },
} as const;

export function helpText(): string {
  const flags = Object.entries(FLAGS).map(
    ([name, { value, help }]) => `  --${`${name} ${value}`.trimEnd().padEnd(18)} ${help}`,
  );
  const steps = Object.entries(STEPS).map(([name, { title }]) => `  ${name.padEnd(18)} ${title}`);
  return [
    'npm run e2e -- --stack NAME [options]',
    '',
    'Brings a stack up on a real engine and a real cluster, changes it in every way that day-2 work does, and takes it',
    'down again. Uses the pulumi, docker, k3d and kubectl on the PATH. Your own stacks and stack files are not touched.',
    'Status 0: every check holds; 1: one does not, or something is left behind; 2: wrong usage.',
    '',
    'Options:',
    ...flags,
    '',
    'A stack of yours that is up has the ports: --config cluster:httpPort=18080 and so on for nodePortHostPort, apiPort,',
    'registryPort.',
    '',
    'Without access to public registries: --config images:digests=false --config images:mirror=REGISTRY',
    '--config charts:keda=PATH, and leave out what cannot be had: --config kafka:ui=false --config monitoring:enabled=false.',
    '',
    'Steps:',
    ...steps,
  ].join('\n');
}

/** @returns null when help was asked for @throws UsageError with every problem, one a line */
export function parseOptions(args: readonly string[]): Options | null {
  const problems: string[] = [];
  const given = readFlags(args, problems);
  if (given === null) return null;
  const one = (name: string): string | undefined => given.get(name)?.at(-1);

  const stack = one('stack') ?? '';
  const known = (STACKS as readonly string[]).includes(stack);
  if (!known) problems.push(`--stack: must be one of ${STACKS.join(', ')}; it is "${stack}"`);
  const config = Object.fromEntries((given.get('config') ?? []).map((text) => pair(text, problems)));
  const [context, registry, address] = [one('context'), one('registry'), one('address')];
  const existing =
    context !== undefined && registry !== undefined && address !== undefined
      ? { context, registry, address }
      : undefined;
  if (!existing && (context ?? registry ?? address) !== undefined)
    problems.push('--context, --registry and --address: an existing cluster needs all three');
  if (address !== undefined && !URL.canParse(address))
    problems.push(`--address: must be an address; it is "${address}"`);
  const steps = one('steps')?.split(',') ?? (known ? planned(stack, existing !== undefined) : []);
  for (const name of steps)
    if (!(name in STEPS))
      problems.push(`--steps: there is no "${name}"; did you mean ${closest(name, Object.keys(STEPS))}?`);
  if (problems.length > 0) throw new UsageError(`${problems.join('\n')}\n\nnpm run e2e -- --help shows all options.`);
  return {
    stack,
    config,
    steps: steps as StepName[],
    existing,
    keep: given.has('keep'),
    work: one('work'),
    reportDir: one('report') ?? 'reports',
  };
}

function pair(text: string, problems: string[]): [string, string] {
  const [key, ...value] = text.split('=');
  if (value.length === 0 || !/^[a-z]+:./i.test(key!))
    problems.push(`--config: must be like images:digests=false; it is "${text}"`);
  return [key!, value.join('=')];
}

/** The steps of a stack; on an existing cluster those that change nodes are left out. */
const planned = (stack: string, existing: boolean): readonly string[] =>
  (Object.keys(STEPS) as StepName[]).filter((name) => {
    const { stacks, clusters = 'any' }: StepPlan = STEPS[name];
    return stacks.includes(stack as never) && (clusters === 'any' || !existing);
  });

/** The flags by name, in order; null when help was asked for. Collects what is wrong. */
function readFlags(args: readonly string[], problems: string[]): Map<string, string[]> | null {
  const options = { help: { type: 'boolean' as const, short: 'h' }, keep: { type: 'boolean' as const } };
  for (const name of Object.keys(FLAGS)) if (name !== 'keep') Object.assign(options, { [name]: { type: 'string' } });
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`"${token.value}" stands alone; options begin with --`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help' || token.name === 'h') return null;
    if (!(token.name in FLAGS)) {
      const meant = closest(token.name, Object.keys(FLAGS));
      problems.push(`${token.rawName}: there is no such option; did you mean --${meant}?`);
    } else if (token.name !== 'keep' && (!token.value || token.value.startsWith('--')))
      problems.push(`--${token.name}: needs a value`);
    else given.set(token.name, [...(given.get(token.name) ?? []), token.value ?? '']);
  }
  return given;
}
