// Small HTTP calls to a stack: fetch() cannot send a Host header of its own, which an ingress goes by.
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface CallOptions {
  /** @default GET */
  readonly method?: string;
  /** Name that an ingress knows the API by. @default that of the address */
  readonly host?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Milliseconds until the whole answer must be there. @default 5000 */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends one request on a connection of its own. @throws when there is no whole answer in time */
export async function call(url: URL | string, options: CallOptions = {}): Promise<Answer> {
  const { method = 'GET', host, headers = {}, body, timeoutMs = 5000 } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const req = request(url, {
    method,
    signal,
    agent: false,
    headers: {
      ...(host !== undefined && { host }),
      ...(payload !== undefined && {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
      }),
      ...headers,
    },
  });
  const fail = (error: Error) =>
    reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`, { cause: error }) : error);
  req.once('error', fail);
  req.once('response', (res) => {
    text(res).then((body) => resolve({ status: res.statusCode ?? 0, headers: res.headers, text: body }), fail);
  });
  req.end(payload);
  return promise;
}

/** A GET that must be answered with 200 and JSON. @throws naming the path and the status */
export async function getJson(url: URL, options: CallOptions = {}): Promise<unknown> {
  const answer = await call(url, options);
  if (answer.status !== 200) throw new Error(`GET ${url.pathname} answered ${answer.status}`);
  return JSON.parse(answer.text);
}
