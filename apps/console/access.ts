// Who may see the page, and who may use its controls.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ConsoleError } from './errors.ts';

/** The one account of a cluster's console. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Asks for the login (HTTP Basic: every browser knows it, and EventSource sends it too). @throws ConsoleError 401 */
export function requireLogin({ headers }: Pick<IncomingMessage, 'headers'>, { user, password }: Login): void {
  const [scheme, encoded = ''] = (headers.authorization ?? '').split(' ', 2);
  const given = scheme?.toLowerCase() === 'basic' ? Buffer.from(encoded, 'base64').toString('utf8') : '';
  // Digests are of one length: neither the length nor the content of what is right shows in the time taken.
  if (timingSafeEqual(digest(given), digest(`${user}:${password}`))) return;
  throw new ConsoleError(401, 'LOGIN_REQUIRED', 'this page needs the login of the stack', {
    'www-authenticate': 'Basic realm="Breakwater console", charset="UTF-8"',
  });
}

/** Host names that mean this machine. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** Whether an address that a server listens on is reached from this machine alone. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host.includes(':') ? `[${host}]` : host);

/**
 * Lets in only who asked for this machine by one of its names: a page of another site cannot make its own name lead here
 * (DNS rebinding) and read along.
 * @throws ConsoleError 421
 */
export function requireLoopbackHost({ headers }: Pick<IncomingMessage, 'headers'>): void {
  if (LOOPBACK.test(headers.host ?? '')) return;
  throw new ConsoleError(421, 'WRONG_HOST', 'this page is for this machine alone: open it as http://localhost');
}

/**
 * Takes orders from our own page only: what another site's page sends carries its origin, and browsers let no page choose that.
 * @throws ConsoleError 403, 415
 */
export function requireOwnPage({ headers }: Pick<IncomingMessage, 'headers'>): void {
  if (headers.origin !== `http://${headers.host}`)
    throw new ConsoleError(403, 'WRONG_ORIGIN', 'controls are for the console page itself');
  if (!headers['content-type']?.startsWith('application/json')) throw new ConsoleError(415, 'NOT_JSON', 'send JSON');
}
