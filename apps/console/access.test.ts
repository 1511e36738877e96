import { describe, expect, test } from '@jest/globals';
import { isLoopback, requireLogin, requireLoopbackHost, requireOwnPage } from './access.ts';

const login = { user: 'viewer', password: 'pä:ss' };
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the login', () => {
  test.each<[string, string | undefined]>([
    ['nothing', undefined],
    ['another scheme', 'Bearer viewer:pä:ss'],
    ['no password', basic('viewer:')],
    ['half of it', basic('viewer:pä')],
    ['another user', basic('admin:pä:ss')],
    ['no base64', 'Basic ???'],
    ['the scheme alone', 'Basic'],
  ])('refuses %s', (_what, authorization) => {
    expect(() => requireLogin({ headers: { authorization } }, login)).toThrow(
      expect.objectContaining({ status: 401, headers: { 'www-authenticate': expect.stringContaining('Basic') } }),
    );
  });

  test.each([basic('viewer:pä:ss'), basic('viewer:pä:ss').replace('Basic', 'basic')])('takes %s', (authorization) => {
    expect(() => requireLogin({ headers: { authorization } }, login)).not.toThrow();
  });
});

test.each<[string | undefined, boolean]>([
  ['localhost:8088', true],
  ['LOCALHOST', true],
  ['127.0.0.1:8088', true],
  ['127.1.2.3', true],
  ['[::1]:8088', true],
  ['evil.example:8088', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  [undefined, false],
])('asked for as %s', (host, ours) => {
  const check = () => requireLoopbackHost({ headers: { host } });
  if (ours) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ status: 421 }));
});

test.each([
  ['127.0.0.1', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
])('listening on %s is for this machine alone: %s', (host, alone) => {
  expect(isLoopback(host)).toBe(alone);
});

describe('orders', () => {
  const headers = { host: 'localhost:8088', origin: 'http://localhost:8088', 'content-type': 'application/json' };
  test.each<[string, Record<string, string | undefined>, number]>([
    ['of no page', { origin: undefined }, 403],
    ['of another site', { origin: 'http://evil.example' }, 403],
    ['of another port', { origin: 'http://localhost:3000' }, 403],
    ['of a sandboxed page', { origin: 'null' }, 403],
    ['of a form', { 'content-type': 'text/plain' }, 415],
    ['without a type', { 'content-type': undefined }, 415],
  ])('%s are refused', (_whose, changes, status) => {
    expect(() => requireOwnPage({ headers: { ...headers, ...changes } })).toThrow(expect.objectContaining({ status }));
  });
  test('of our own page are taken', () => {
    expect(() => requireOwnPage({ headers })).not.toThrow();
  });
});
