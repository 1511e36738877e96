import { describe, expect, test } from '@jest/globals';
import { isLoopback, requireLogin, requireLoopbackHost, requireOwnPage } from './access.ts';

const login = { user: 'viewer', password: 'pä:ss' };
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the login', () => {
  test.each<[string, string | undefined]>([
    ['nothing', undefined],
    ['another scheme', 'Bearer viewer:pä:ss'],
    ['no password', basic('viewer:')],
    ['a part of the password', basic('viewer:pä')],
    ['another user', basic('admin:pä:ss')],
    ['invalid base64', 'Basic ???'],
    ['only the scheme', 'Basic'],
  ])('refuses %s', (_what, authorization) => {
    expect(() => requireLogin({ headers: { authorization } }, login)).toThrow(
      expect.objectContaining({ status: 401, headers: { 'www-authenticate': expect.stringContaining('Basic') } }),
    );
  });

  test.each([basic('viewer:pä:ss'), basic('viewer:pä:ss').replace('Basic', 'basic')])('accepts %s', (authorization) => {
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
])('a request for the host %s', (host, accepted) => {
  const check = () => requireLoopbackHost({ headers: { host } });
  if (accepted) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ status: 421 }));
});

test.each([
  ['127.0.0.1', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
])('a server that listens on %s is reachable only from this machine: %s', (host, loopback) => {
  expect(isLoopback(host)).toBe(loopback);
});

describe('control requests', () => {
  const headers = { host: 'localhost:8088', origin: 'http://localhost:8088', 'content-type': 'application/json' };
  test.each<[string, Record<string, string | undefined>, number]>([
    ['from no page', { origin: undefined }, 403],
    ['from another site', { origin: 'http://evil.example' }, 403],
    ['from another port', { origin: 'http://localhost:3000' }, 403],
    ['from a sandboxed page', { origin: 'null' }, 403],
    ['from a form', { 'content-type': 'text/plain' }, 415],
    ['without a content type', { 'content-type': undefined }, 415],
  ])('%s are refused', (_origin, changes, status) => {
    expect(() => requireOwnPage({ headers: { ...headers, ...changes } })).toThrow(expect.objectContaining({ status }));
  });
  test('from the page itself are accepted', () => {
    expect(() => requireOwnPage({ headers })).not.toThrow();
  });
});
