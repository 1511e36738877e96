// `npm run doctor`: checks whether this machine is ready for a stack, and says what to do where it
// is not.
import { parseArgs } from 'node:util';
import { configPair, DEFAULT_STACK, loadStackConfig } from '../../config/load.ts';
import { UsageError } from '../../tooling/errors.ts';
import { type StackNeeds, stackNeeds } from '../stack/needs.ts';
import { observe } from './observe.ts';
import { type Facts, noticesOf, problemsOf, shortagesOf } from './preflight.ts';
import { gib } from './room.ts';

const USAGE = `npm run doctor [-- --stack NAME] [--config KEY=VALUE]...

Checks tools, Docker, ports, cluster, and whether memory, CPU and disk suffice, for the stack of Pulumi.NAME.yaml (default: ${DEFAULT_STACK}), with these keys instead of the file's. Changes nothing.
Status 0: the stack can be made; 1: something is in its way; 2: it could not be checked.`;

/** What was found: the user sees what was checked. */
function found(facts: Facts): readonly string[] {
  const tools = Object.entries(facts.tools).map(([tool, fact]) => `${tool} ${fact?.version ?? 'not found'}`);
  const { engine, room } = facts;
  const memory = room && [`${gib(room.memoryMiB)} of memory`, `${room.cpus} cores`];
  return [...tools, ...(engine && 'version' in engine ? [`Docker engine ${engine.version}`] : []), ...(memory ?? [])];
}

/** What the stack takes, in words. */
function sizeOf({ memoryMiB, mostMemoryMiB, cpuMillis, diskGiB }: StackNeeds): string {
  const disk = diskGiB > 0 ? `, and ${diskGiB} GiB of disk` : '';
  return `${gib(memoryMiB)} of memory (${gib(mostMemoryMiB)} at most), ${cpuMillis / 1_000} cores${disk}`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      stack: { type: 'string', default: DEFAULT_STACK },
      config: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { stack } = values;
  const overrides = values.config.map((text) => {
    const pair = configPair(text);
    if (!pair) throw new UsageError(`--config: must look like images:digests=false; found "${text}"`);
    return pair;
  });
  const config = loadStackConfig(stack, process.cwd(), Object.fromEntries(overrides));
  const { cluster } = config;
  const needs = stackNeeds(config);
  const facts = await observe(stack, config, ['pulumi']);
  const problems = [...problemsOf(facts, stack, config), ...shortagesOf(facts, needs)];
  console.log(`Stack ${stack}, cluster:kind ${cluster.kind}. Found: ${found(facts).join(', ')}.`);
  console.log(`It takes ${sizeOf(needs)}.`);
  for (const problem of problems) console.log(`- ${problem}`);
  for (const notice of noticesOf(facts)) console.log(`Note: ${notice}`);
  const count = `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`;
  console.log(problems.length === 0 ? 'Ready.' : `Not ready: ${count}.`);
  return problems.length === 0 ? 0 : 1;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  },
);
