// The report as one HTML file: verdict, steps with their checks, and the autoscaling timelines as plots.

import { formatSeconds } from '../../../tooling/report/format.ts';
import { escapeHtml, plot } from '../../../tooling/report/plot.ts';
import { STYLE } from '../../../tooling/report/style.ts';
import { MARKS } from '../findings.ts';
import type { StepResult } from '../run.ts';
import type { Timeline } from '../timeline.ts';
import { highlights } from './highlights.ts';
import type { E2eReport } from './report.ts';

/** A page that needs nothing but a browser. */
export function renderHtml(report: E2eReport): string {
  const { stack, steps, machine, tools } = report;
  const about = [
    `${report.startedAt.slice(0, 16).replace('T', ' ')} UTC`,
    formatSeconds(report.seconds),
    report.context === null ? 'a k3d cluster of its own' : `existing cluster ${report.context}`,
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
