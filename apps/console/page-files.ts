// The page's files: read and compressed once, served with an ETag so that a reload is cheap.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

/** Files by path: `/main.js`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

const FOLDER = join(import.meta.dirname, 'page');

/** Reads the folder of the page, and uPlot from its package. */
export function readPageFiles(): PageFiles {
  const uplot = join(createRequire(import.meta.url).resolve('uplot/package.json'), '..', 'dist');
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(FOLDER))
    if (TYPES[extensionOf(name)])
      files.set(name === 'index.html' ? '/' : `/${name}`, pageFile(name, readFileSync(join(FOLDER, name))));
  // uPlot's small build is a script that defines a global; this makes it a module.
  const script = readFileSync(join(uplot, 'uPlot.iife.min.js'), 'utf8');
  files.set('/uplot.js', pageFile('uplot.js', Buffer.from(`${script}\nexport default uPlot;\n`)));
  files.set('/uplot.css', pageFile('uplot.css', readFileSync(join(uplot, 'uPlot.min.css'))));
  return files;
}

const extensionOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

function pageFile(name: string, body: Buffer): PageFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`;
  return { type: TYPES[extensionOf(name)]!, body, gzipped: gzipSync(body, { level: 9 }), etag };
}

/** Only the console's own files run in the page, and no other page may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function sendPageFile(file: PageFile, { headers }: IncomingMessage, res: ServerResponse): void {
  res.setHeader('cache-control', 'no-cache');
  res.setHeader('etag', file.etag);
  res.setHeader('vary', 'accept-encoding');
  res.setHeader('content-security-policy', POLICY);
  res.setHeader('x-content-type-options', 'nosniff');
  res.setHeader('referrer-policy', 'no-referrer');
  if (headers['if-none-match'] === file.etag) return void res.writeHead(304).end();
  const gzip = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  if (gzip) res.setHeader('content-encoding', 'gzip');
  res.setHeader('content-type', file.type);
  res.end(gzip ? file.gzipped : file.body);
}
