// Who may see the page and use its controls.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ConsoleError } from './errors.ts';

/** The only account of a console in a cluster. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Requires the login, by HTTP Basic: EventSource sends it too. @throws ConsoleError 401 */
export function requireLogin({ headers }: Pick<IncomingMessage, 'headers'>, { user, password }: Login): void {
  const [scheme, encoded = ''] = (headers.authorization ?? '').split(' ', 2);
  const given = scheme?.toLowerCase() === 'basic' ? Buffer.from(encoded, 'base64').toString('utf8') : '';
  // Digests have equal lengths, so the time taken reveals neither the length nor the content.
  if (timingSafeEqual(digest(given), digest(`${user}:${password}`))) return;
  throw new ConsoleError(401, 'LOGIN_REQUIRED', 'this page requires the login of the stack', {
    'www-authenticate': 'Basic realm="Breakwater console", charset="UTF-8"',
  });
}

/** Host names that mean this machine. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Whether a server that listens on `host` is reachable only from this machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host.includes(':') ? `[${host}]` : host);

/**
 * Accepts only requests for a name of this machine. A page of another site whose own name is made
 * to resolve to this machine (DNS rebinding) could otherwise read the answers.
 * @throws ConsoleError 421
 */
export function requireLoopbackHost({ headers }: Pick<IncomingMessage, 'headers'>): void {
  if (LOOPBACK.test(headers.host ?? '')) return;
  throw new ConsoleError(421, 'WRONG_HOST', 'this page is only for this machine: open it as http://localhost');
}

/**
 * Accepts commands from the console's own page only. Requests of another site's page carry that
 * site's origin, which the page cannot choose.
 * @throws ConsoleError 403, 415
 */
export function requireOwnPage({ headers }: Pick<IncomingMessage, 'headers'>): void {
  if (headers.origin !== `http://${headers.host}`)
    throw new ConsoleError(403, 'WRONG_ORIGIN', 'only the console page may use the controls');
  if (!headers['content-type']?.startsWith('application/json')) throw new ConsoleError(415, 'NOT_JSON', 'send JSON');
}
