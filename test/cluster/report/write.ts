// Writes a run's report: report.json (everything), report.md (for docs/results.md), report.html (to look at).
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import type { E2eReport } from './report.ts';

/** @returns the page, in `<directory>/<run>/` */
export async function writeReport(report: E2eReport, directory: string): Promise<{ html: string }> {
  const folder = join(directory, report.run);
  await mkdir(folder, { recursive: true });
  const html = join(folder, 'report.html');
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  await writeFile(join(folder, 'report.md'), renderMarkdown(report));
  await writeFile(html, renderHtml(report));
  return { html };
}
