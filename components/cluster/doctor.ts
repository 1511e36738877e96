// `npm run doctor [-- --stack NAME]`: looks whether this machine is ready for a stack, and says what to do where it is not.
import { parseArgs } from 'node:util';
import { DEFAULT_STACK, loadStackConfig } from '../../config/load.ts';
import { observe } from './observe.ts';
import { type Facts, problemsOf } from './preflight.ts';

const USAGE = `npm run doctor [-- --stack NAME]

Checks tools, Docker, ports and cluster for the stack of Pulumi.NAME.yaml (default: ${DEFAULT_STACK}). Changes nothing.
Ends with 0 when the stack can be made, 1 when something is in its way, 2 when it could not look.`;

/** What was found, for those who want to see that it was looked at. */
function found(facts: Facts): readonly string[] {
  const tools = Object.entries(facts.tools).map(([tool, fact]) => `${tool} ${fact?.version ?? 'not found'}`);
  const { engine } = facts;
  return [...tools, ...(engine && 'version' in engine ? [`Docker engine ${engine.version}`] : [])];
}

function main(): number {
  const { values } = parseArgs({
    options: { stack: { type: 'string', default: DEFAULT_STACK }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const { stack } = values;
  const { cluster } = loadStackConfig(stack, process.cwd());
  const facts = observe(stack, cluster, ['pulumi']);
  const problems = problemsOf(facts, stack, cluster);
  console.log(`Stack ${stack}, cluster:kind ${cluster.kind}. Found: ${found(facts).join(', ')}.`);
  for (const problem of problems) console.log(`- ${problem}`);
  console.log(problems.length === 0 ? 'Ready.' : `Not ready: ${problems.length} to mend.`);
  return problems.length === 0 ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
