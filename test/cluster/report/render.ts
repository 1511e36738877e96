// The report as files: Markdown for docs/results.md, and an HTML page with the timelines as plots.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatSeconds } from '../../../tooling/report/format.ts';
import { escapeHtml, plot } from '../../../tooling/report/plot.ts';
import { STYLE } from '../../../tooling/report/style.ts';
import { MARKS } from '../context.ts';
import type { StepResult } from '../run.ts';
import { highlights, type Timeline } from '../timeline.ts';
import type { E2eReport } from './report.ts';

/**
 * Writes report.json, report.md and report.html to `<directory>/<run>/`.
 * @returns the path of the page
 */
export async function writeReport(report: E2eReport, directory: string): Promise<{ html: string }> {
  const folder = join(directory, report.run);
  await mkdir(folder, { recursive: true });
  const html = join(folder, 'report.html');
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  await writeFile(join(folder, 'report.md'), renderMarkdown(report));
  await writeFile(html, renderHtml(report));
  return { html };
}

/** Text for a table cell, without line breaks and bars. */
const cell = (text: string): string => text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

export function renderMarkdown(report: E2eReport): string {
  const { stack, config, context, machine, tools, steps } = report;
  const given = Object.entries(config).map(([key, value]) => `\`${key}=${value}\``);
  return [
    `## End to end: \`${stack}\`, ${report.ok ? 'passed' : report.interrupted ? 'interrupted' : 'failed'}`,
    '',
    `${report.startedAt.slice(0, 16).replace('T', ' ')} UTC, ${formatSeconds(report.seconds)}, ${context === null ? 'its own k3d cluster' : `on the existing cluster ${context}`}, ${machine.cpus} × ${machine.model}, ${Math.round(machine.memoryMiB / 1024)} GiB.`,
    `Tools: ${Object.entries(tools)
      .map((pair) => pair.join(' '))
      .join(', ')}.`,
    ...(given.length > 0 ? [`Config in addition to the stack file: ${given.join(', ')}.`] : []),
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

/** Failed and skipped checks in full, times, and the number of checks that passed. */
function found({ checks, error }: StepResult): string {
  const notable = checks.filter(({ ok }) => ok !== true);
  const times = checks.filter(({ ok, seconds }) => ok && seconds !== undefined);
  const passed = checks.filter(({ ok }) => ok).length;
  return [
    ...(error === null ? [] : [`**${error}**`]),
    ...notable.map((check) => `${check.ok === null ? '' : '**failed** '}${check.name}: ${check.found}`),
    ...times.map(({ name, found, limit }) => `${name}: ${found}${limit && ` (${limit})`}`),
    ...(passed > 0 ? [`${passed} ${passed === 1 ? 'check passed' : 'checks passed'}`] : []),
  ].join('; ');
}

/** A self-contained page. */
function renderHtml(report: E2eReport): string {
  const { stack, steps, machine, tools } = report;
  const about = [
    `${report.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    formatSeconds(report.seconds),
    report.context === null ? 'its own k3d cluster' : `existing cluster ${report.context}`,
    `${machine.cpus} × ${machine.model}`,
    ...Object.entries(tools).map((pair) => pair.join(' ')),
    ...Object.entries(report.config).map((pair) => pair.join('=')),
  ].join(' · ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(report.run)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="verdict ${report.ok ? 'good' : 'bad'}">${report.ok ? 'passed' : 'failed'}</p>
<h1>The stack ${escapeHtml(stack)}, from nothing to nothing</h1>
<p class="sub">${escapeHtml(about)}</p>
</header>
<section class="plots">${steps.flatMap(({ timelines }) => timelines.map(drawTimeline)).join('\n')}</section>
${steps.map(drawStep).join('\n')}
</body>
</html>
`;
}

function drawStep({ name, title, seconds, ok, error, checks }: StepResult): string {
  const rows = checks.map((check) => {
    const mark = `<i class="${check.ok === null ? '' : check.ok ? 'good' : 'bad'}">${MARKS.get(check.ok)}</i>`;
    return `<tr><td>${mark}</td><td>${escapeHtml(check.name)}</td><td>${escapeHtml(check.found)} <small>${escapeHtml(check.limit)}</small></td></tr>`;
  });
  const head = `<h2><span class="${ok ? 'good' : 'bad'}">${MARKS.get(ok)}</span> ${escapeHtml(title)} <small>${escapeHtml(name)}, ${formatSeconds(seconds)}</small></h2>`;
  const why = error === null ? '' : `<pre class="bad">${escapeHtml(error)}</pre>`;
  return `<section class="two"><div>${head}${why}<table>${rows.join('')}</table></div></section>`;
}

function drawTimeline(timeline: Timeline): string {
  const { name, app, moments } = timeline;
  const seconds = Math.max(1, moments.at(-1)?.t ?? 1);
  const of = (pick: (moment: Timeline['moments'][number]) => number | null) =>
    moments.map((moment) => [moment.t, pick(moment)] as const);
  return [
    plot({
      title: `${name}: ${app} pods`,
      unit: 'pods',
      seconds,
      atLeast: 2,
      series: [
        { name: 'wanted', color: 4, points: of(({ wanted }) => wanted) },
        { name: 'ready', color: 1, area: true, points: of(({ ready }) => ready) },
      ],
    }),
    plot({
      title: `${name}: load`,
      unit: 'records accepted a second',
      seconds,
      series: [{ name: 'accepted', color: 1, area: true, points: of(({ accepted }) => accepted) }],
    }),
    plot({
      title: `${name}: lag`,
      unit: 'records accepted, not yet stored',
      seconds,
      series: [{ name: 'lag', color: 2, area: true, points: of(({ lag }) => lag) }],
    }),
    `<p class="none">${escapeHtml(highlights(timeline).join('; '))}</p>`,
  ].join('\n');
}
