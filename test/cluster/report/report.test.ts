import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseOptions } from '../options.ts';
import type { StepResult } from '../run.ts';
import type { Timeline } from '../timeline.ts';
import { renderMarkdown, writeReport } from './render.ts';
import { describeRun } from './report.ts';

const timeline: Timeline = {
  name: 'consumers with the queue',
  app: 'consumer',
  marks: [{ t: 1, what: 'rate 500' }],
  moments: [0, 1, 2].map((t) => ({ t, accepted: t * 100, lag: t * 10, wanted: t, ready: t })),
};
const step = (name: string, more: Partial<StepResult>): StepResult => ({
  name,
  title: `what ${name} shows`,
  seconds: 3,
  error: null,
  ok: true,
  checks: [],
  timelines: [],
  ...more,
});
const results = [
  step('up', {
    checks: [
      { name: 'up', found: '200.0 s', limit: '< 300.0 s', ok: true, seconds: 200 },
      { name: 'pods', found: '', limit: '', ok: true },
    ],
  }),
  step('passwords', { checks: [{ name: 'MongoDB', found: 'not checked: a | b', limit: '', ok: null }] }),
  step('scaling', { timelines: [timeline] }),
  step('refused', { ok: false, error: 'line one\nline <two>' }),
];
const describeFor = (parts: readonly StepResult[], interrupted = false) =>
  describeRun({
    options: parseOptions(['--stack', 'events', '--config', 'kafka:ui=false'])!,
    results: parts,
    startedAt: new Date('2026-11-21T10:30:00Z'),
    interrupted,
  });

test('a run passes when every step passes and it is not interrupted', async () => {
  expect((await describeFor(results)).ok).toBe(false);
  expect(await describeFor(results.slice(0, 3))).toMatchObject({ ok: true, run: 'e2e-events-1121-103000' });
  expect((await describeFor(results.slice(0, 3), true)).ok).toBe(false);
  expect((await describeFor([])).ok).toBe(false);
});

test('Markdown shows failures, times and counts in one table', async () => {
  const text = renderMarkdown(await describeFor(results));
  expect(text).toContain('## End to end: `events`, failed');
  expect(text).toContain('Config in addition to the stack file: `kafka:ui=false`.');
  expect(text).toContain('| what up shows | ✓ | 3.0 s | up: 200.0 s (< 300.0 s); 2 checks passed |');
  expect(text).toContain('MongoDB: not checked: a \\| b |');
  expect(text).toContain('**line one line <two>**');
  expect(text).toContain('consumers with the queue: peak 200 records/s accepted; peak lag 20; up to 2 consumer pods');
});

test('a report is written as JSON, Markdown and HTML', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-e2e-report-'));
  try {
    const { html } = await writeReport(await describeFor(results), folder);
    const page = await readFile(html, 'utf8');
    expect(page).toContain('line &lt;two&gt;');
    expect(page).toContain('<svg');
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(JSON.parse(await readFile(join(html, '..', 'report.json'), 'utf8'))).toMatchObject({ stack: 'events' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
