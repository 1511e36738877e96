// Errors as answers of the console's server.
import type { ServerResponse } from 'node:http';

/** An error that is answered to the client; `message` is for people. */
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

/** Answers in the same form as the API. */
export function sendError(res: ServerResponse, error: ConsoleError): void {
  const { status, code, message, headers } = error;
  res.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8' });
  res.end(JSON.stringify({ status: 'error', code, message }));
}
