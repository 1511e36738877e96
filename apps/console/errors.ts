// What the console answers when it cannot do as it is asked.
import type { ServerResponse } from 'node:http';

/** An answer that is an error; `message` is for people. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The same form as the API's errors. */
export function sendError(res: ServerResponse, error: ConsoleError): void {
  const { status, code, message, headers } = error;
  res.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8' });
  res.end(JSON.stringify({ status: 'error', code, message }));
}
