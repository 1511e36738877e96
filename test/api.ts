// An API of a test's own: started in this process on a free port, with a queue and a database that
// no other test uses.
import { randomBytes } from 'node:crypto';
import { type Api, startApi } from '../apps/api/api.ts';
import { type ApiSettings, apiSettings } from '../apps/api/settings.ts';
import { createLogger } from '../apps/shared/logger.ts';
import { createRegistry } from '../apps/shared/metrics.ts';
import { loadSettings } from '../apps/shared/settings.ts';
import { call } from '../tooling/http.ts';
import { appEnvironment } from './app-environment.ts';

/** A name that no other test uses. */
export const uniqueName = (what: string): string => `${what}-${randomBytes(4).toString('hex')}`;

/**
 * The address of one database on a server: `mongodb://host:port/?options` and `name` make
 * `mongodb://host:port/name?options`.
 */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

export const silent = createLogger('test', 'silent');

/** An answer, read. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  body: any;
}

export interface TestApi extends Api {
  readonly url: string;
  readonly settings: ApiSettings;
  /** Sends a request; `body` goes as JSON unless it is a string. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

/** Settings of an API as the environment would give them. */
function testApiSettings(env: Record<string, string>): ApiSettings {
  const changes = { QUEUE_KIND: 'redis-streams', QUEUE_NAME: uniqueName('posts'), API_MAX_EVENT_LOOP_DELAY_MS: '0' };
  return loadSettings(apiSettings, appEnvironment('api', { ...changes, ...env }));
}

/** Starts an API. @param env REDIS_URL and MONGO_URL at least */
export async function startTestApi(env: Record<string, string>): Promise<TestApi> {
  const settings = testApiSettings(env);
  const api = await startApi(settings, createRegistry('api'), silent);
  const url = `http://127.0.0.1:${api.port}`;
  return { ...api, url, settings, call: caller(url) };
}

/** Sends requests to `url`. */
export function caller(url: string): TestApi['call'] {
  return async (method, path, body, headers = {}) => {
    const answer = await call(url + path, { method, body, headers, timeoutMs: 20_000 });
    const isJson = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.status,
      headers: new Headers(answer.headers as Record<string, string>),
      body: isJson ? JSON.parse(answer.text) : answer.text,
    };
  };
}
