// The console's server: the page, its events, and in the local run its controls.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { KEEP_ALIVE_MS } from '../shared/keep-alive.ts';
import type { Logger } from '../shared/logger.ts';
import { type Login, requireLogin, requireLoopbackHost, requireOwnPage } from './access.ts';
import type { LoadControl, LoadProfile, LoadState } from './controls.ts';
import { ConsoleError, sendError } from './errors.ts';
import { EventStream } from './event-stream.ts';
import { COLUMNS, type Point } from './history.ts';
import type { Live, Tick } from './live.ts';
import { readPageFiles, sendPageFile } from './page-files.ts';

/** What the page can control; only in the local run. */
export interface Controls {
  readonly profiles: readonly LoadProfile[];
  readonly load: LoadControl;
  /** @throws ConsoleError */
  setRate(rate: unknown): Promise<{ rate: number }>;
}

export interface ConsoleServerOptions {
  readonly host: string;
  readonly port: number;
  readonly live: Live;
  /** Names of the stack, and of what its queue and its store run on, as the page shows them. */
  readonly stack: string;
  readonly queue: string;
  readonly store: string;
  /** Undefined: everyone who can reach the page may see it. */
  readonly login: Login | undefined;
  /** Undefined: the page has no controls, and the server refuses their requests. */
  readonly controls: Controls | undefined;
  readonly onViewers: (viewers: number) => void;
  readonly logger: Logger;
}

/** The event `hello`, a page's first: what it needs to draw itself. */
export interface Hello {
  readonly stack: string;
  readonly queue: string;
  readonly store: string;
  /** Names of the numbers of a point. */
  readonly columns: readonly string[];
  /** The last five minutes. */
  readonly points: readonly Point[];
  /** Null without controls. */
  readonly profiles: readonly LoadProfile[] | null;
  readonly tick: TickEvent | null;
}

/** The event `tick`, once per second. */
export interface TickEvent extends Tick {
  /** Null without controls, and before the first load test. */
  readonly load: LoadState | null;
}

export interface ConsoleServer {
  readonly port: number;
  /** Ends the streams and the server; may be called twice. */
  close(): Promise<void>;
}

/** Limit of a control request's body, bytes. */
const MAX_BODY_BYTES = 10_000;

/** @throws when the port is taken */
export async function startConsoleServer(options: ConsoleServerOptions): Promise<ConsoleServer> {
  const { live, login, controls, onViewers, logger } = options;
  const files = readPageFiles();
  const events = new EventStream(onViewers);
  const tickEvent = (tick: Tick): TickEvent => ({ ...tick, load: controls?.load.state ?? null });
  const hello = (): Hello => ({
    stack: options.stack,
    queue: options.queue,
    store: options.store,
    columns: COLUMNS,
    points: live.points,
    profiles: controls?.profiles ?? null,
    tick: live.latest ? tickEvent(live.latest) : null,
  });
  let unwatch: (() => void) | undefined;

  const openEvents = (res: ServerResponse): void => {
    events.add(res, 'hello', hello());
    unwatch ??= live.watch((tick) => events.send('tick', tickEvent(tick)));
    res.once('close', () => {
      if (events.size > 0) return;
      unwatch?.();
      unwatch = undefined;
    });
  };

  const control = async (name: string, req: IncomingMessage): Promise<unknown> => {
    if (controls === undefined) throw new ConsoleError(403, 'NO_CONTROLS', 'only the local run has controls');
    requireOwnPage(req);
    const { profile, rate } = await readBody(req);
    switch (`${req.method} ${name}`) {
      case 'PUT rate':
        return controls.setRate(rate);
      case 'POST load':
        controls.load.start(String(profile));
        return controls.load.state;
      case 'DELETE load':
        controls.load.stop();
        return controls.load.state;
      default:
        throw new ConsoleError(404, 'NO_SUCH_CONTROL', `there is no ${req.method} ${name}`);
    }
  };

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (login) requireLogin(req, login);
    else requireLoopbackHost(req);
    const path = (req.url ?? '/').split('?', 1)[0]!;
    if (path.startsWith('/control/')) {
      const answer = await control(path.slice('/control/'.length), req);
      res.setHeader('content-type', 'application/json; charset=utf-8');
      return void res.end(JSON.stringify(answer));
    }
    if (req.method !== 'GET' && req.method !== 'HEAD')
      throw new ConsoleError(405, 'METHOD_NOT_ALLOWED', `${req.method} is not allowed here`, { allow: 'GET, HEAD' });
    if (path === '/events') return openEvents(res);
    const file = files.get(path);
    if (!file) throw new ConsoleError(404, 'NOT_FOUND', `there is no ${path}`);
    sendPageFile(file, req, res);
  };

  // The limit of a request's headers is also that of a connection that has not been used yet.
  const limits = { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: KEEP_ALIVE_MS + 5_000 };
  const server = createServer(limits, (req, res) => {
    handle(req, res).catch((error: unknown) => {
      const known = error instanceof ConsoleError;
      if (res.headersSent) res.destroy();
      else sendError(res, known ? error : new ConsoleError(500, 'INTERNAL', 'internal error'));
      if (!known) logger.error({ err: error, path: req.url }, 'request failed');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  let closed: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      closed ??= new Promise((resolve) => {
        unwatch?.();
        events.close();
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

/** @throws ConsoleError when the body is too large, or not JSON */
async function readBody(req: IncomingMessage): Promise<{ profile?: unknown; rate?: unknown }> {
  if (Number(req.headers['content-length'] ?? Number.POSITIVE_INFINITY) > MAX_BODY_BYTES)
    throw new ConsoleError(413, 'TOO_LARGE', 'request body too large');
  const body = await text(req);
  try {
    return body === '' ? {} : ((JSON.parse(body) ?? {}) as { profile?: unknown; rate?: unknown });
  } catch {
    throw new ConsoleError(400, 'BAD_JSON', 'the body is not JSON');
  }
}
