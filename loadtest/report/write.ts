// Writes a run's report: report.json (every number) and report.html (to look at).
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderHtml } from './html.ts';
import type { Report } from './report.ts';

/** @returns the files, in `<directory>/<run>/` */
export async function writeReport(report: Report, directory: string): Promise<{ html: string; json: string }> {
  const folder = join(directory, report.run);
  await mkdir(folder, { recursive: true });
  const files = { html: join(folder, 'report.html'), json: join(folder, 'report.json') };
  await writeFile(files.json, `${JSON.stringify(report, null, 1)}\n`);
  await writeFile(files.html, renderHtml(report));
  return files;
}
