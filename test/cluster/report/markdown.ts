// The report as Markdown, to be put into docs/results.md.
import { formatSeconds } from '../../../tooling/report/format.ts';
import { MARKS } from '../findings.ts';
import type { StepResult } from '../run.ts';
import { highlights } from './highlights.ts';
import type { E2eReport } from './report.ts';

/** A cell of a table: no line breaks, no bars. */
const cell = (text: string): string => text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

export function renderMarkdown(report: E2eReport): string {
  const { stack, config, context, machine, tools, steps } = report;
  const given = Object.entries(config).map(([key, value]) => `\`${key}=${value}\``);
  return [
    `## End to end: \`${stack}\`, ${report.ok ? 'passed' : report.interrupted ? 'interrupted' : 'failed'}`,
    '',
    `${report.startedAt.slice(0, 16).replace('T', ' ')} UTC, ${formatSeconds(report.seconds)}, ${context === null ? 'a k3d cluster of its own' : `on the existing cluster ${context}`}, ${machine.cpus} × ${machine.model}, ${Math.round(machine.memoryMiB / 1024)} GiB.`,
    `Tools: ${Object.entries(tools)
      .map((pair) => pair.join(' '))
      .join(', ')}.`,
    ...(given.length > 0 ? [`Config besides the stack file's: ${given.join(', ')}.`] : []),
    '',
    '| step | | time | found |',
    '| --- | --- | --- | --- |',
    ...steps.map(
      (step) =>
        `| ${cell(step.title)} | ${MARKS.get(step.ok)} | ${formatSeconds(step.seconds)} | ${cell(found(step))} |`,
    ),
    '',
    ...steps.flatMap(({ timelines }) =>
      timelines.map((timeline) => `${timeline.name}: ${highlights(timeline).join('; ')}.\n`),
    ),
  ].join('\n');
}

/** What failed or could not be checked in full, and the times; of the rest, how many. */
function found({ checks, error }: StepResult): string {
  const loud = checks.filter(({ ok }) => ok !== true);
  const times = checks.filter(({ ok, seconds }) => ok && seconds !== undefined);
  const passed = checks.filter(({ ok }) => ok).length;
  return [
    ...(error === null ? [] : [`**${error}**`]),
    ...loud.map((check) => `${check.ok === null ? '' : '**failed** '}${check.name}: ${check.found}`),
    ...times.map(({ name, found, limit }) => `${name}: ${found}${limit && ` (${limit})`}`),
    ...(passed > 0 ? [`${passed} ${passed === 1 ? 'check holds' : 'checks hold'}`] : []),
  ].join('; ');
}
