// Small HTTP calls to a part of the stack: bounded in time, and with a Host header where an ingress
// goes by one (fetch cannot send that header).
import { request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { text } from 'node:stream/consumers';

export interface CallOptions {
  /** @default GET */
  readonly method?: string;
  /** Name that an ingress knows the API by. @default that of the address */
  readonly host?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * A string is sent as it is, everything else as JSON. The content type is JSON unless `headers`
   * says otherwise.
   */
  readonly body?: unknown;
  /** Milliseconds until the whole answer must be there. @default 5,000 */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Sends one request on a connection of its own. @throws when there is no whole answer in time */
export function call(url: URL | string, options: CallOptions = {}): Promise<Answer> {
  const { method = 'GET', host, headers = {}, body, timeoutMs = 5_000 } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  const payload = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(signal.aborted ? new Error(`no answer within ${timeoutMs} ms`, { cause: error }) : error);
    const send = new URL(url).protocol === 'https:' ? requestOverTls : request;
    const req = send(url, {
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
    req.once('error', fail);
    req.once('response', (res) => {
      text(res).then((body) => resolve({ status: res.statusCode ?? 0, headers: res.headers, text: body }), fail);
    });
    req.end(payload);
  });
}

/** A GET that must be answered with 200 and JSON. @throws naming the path and the status */
export async function getJson(
  url: URL | string,
  options: Pick<CallOptions, 'host' | 'timeoutMs'> = {},
): Promise<unknown> {
  const answer = await call(url, options);
  if (answer.status !== 200) throw new Error(`GET ${new URL(url).pathname} answered ${answer.status}`);
  return JSON.parse(answer.text);
}

/** Whether a GET is answered with 2xx: false while nothing listens there. */
export async function isUp(url: URL | string, timeoutMs = 2_000): Promise<boolean> {
  const answer = await call(url, { timeoutMs }).catch(() => undefined);
  return answer !== undefined && answer.status >= 200 && answer.status < 300;
}
