// npm run bench: measures Breakwater on this machine and compares it with the naive baseline.
// Prints a table for docs/results.md.
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchCost } from './cost.ts';
import { benchMemory } from './memory.ts';
import { benchMonitoring } from './monitoring.ts';
import { benchApi, benchBaseline, benchConsumer, type Finding, type PartOptions } from './parts.ts';
import type { QueueKind } from './stack.ts';

const PARTS: Readonly<Record<string, (options: PartOptions) => Promise<Finding[]>>> = {
  api: benchApi,
  consumer: benchConsumer,
  cost: benchCost,
  baseline: benchBaseline,
  memory: benchMemory,
  monitoring: benchMonitoring,
};
const QUEUES: readonly QueueKind[] = ['redis-streams', 'kafka'];
const HELP = `npm run bench -- [options]

  --only PART[,PART]  ${Object.keys(PARTS).join(', ')}; default: all
  --queue KIND        ${QUEUES.join(' or ')}; default: both
  --seconds N         length of each measurement, 1 to 600; default: 15

Starts its own stacks on free ports, one after the other, and removes them.
Exit status 0: every target is met.`;

function parse(args: string[]): { parts: string[]; options: PartOptions } | string {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      queue: { type: 'string' },
      seconds: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return HELP;
  const parts = values.only?.split(',') ?? Object.keys(PARTS);
  const wrong = parts.filter((part) => !(part in PARTS));
  if (wrong.length > 0)
    throw new TypeError(`--only: unknown part "${wrong.join('", "')}"; choose from ${Object.keys(PARTS).join(', ')}`);
  const queues = QUEUES.filter((queue) => values.queue === undefined || queue === values.queue);
  if (queues.length === 0) throw new TypeError(`--queue: must be ${QUEUES.join(' or ')}, not "${values.queue}"`);
  const seconds = Number(values.seconds ?? 15);
  if (!(seconds >= 1 && seconds <= 600))
    throw new TypeError(`--seconds: must be from 1 to 600, not "${values.seconds}"`);
  return { parts, options: { queues, seconds, log: (text) => console.error(text) } };
}

/** The findings as a Markdown table. */
function table(findings: readonly Finding[]): string {
  const mark = (ok: boolean | null) => (ok === null ? '' : ok ? '✓' : '✗');
  const rows = findings.map(
    ({ what, found, target, ok, remark }) => `| ${what} | ${found} | ${target} | ${mark(ok)} | ${remark} |`,
  );
  return ['| measured | found | target | | remark |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

async function main(): Promise<number> {
  const parsed = parse(process.argv.slice(2));
  if (typeof parsed === 'string') {
    console.log(parsed);
    return 0;
  }
  const findings: Finding[] = [];
  for (const part of parsed.parts) findings.push(...(await PARTS[part]!(parsed.options)));
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  console.log(
    `\n${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${memoryGiB} GiB, Node ${process.version}: \`npm run bench\`\n`,
  );
  console.log(table(findings));
  return findings.some(({ ok }) => ok === false) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof TypeError;
  console.error(usage ? error.message : error);
  process.exitCode = usage ? 2 : 1;
}
