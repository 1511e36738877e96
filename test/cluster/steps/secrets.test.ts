import { expect, test } from '@jest/globals';
import { leaks, passwordsOf } from './secrets.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = 'hAXdp2TrnlGJy5uzD8Kc';

test('passwords are the long values with that name, each once', () => {
  const data = { username: base64('apps-1-and-longer'), password: base64(secret), previousPassword: base64(secret) };
  expect(passwordsOf([{ metadata: { name: 'kafka' }, data }])).toEqual([secret]);
  expect(
    passwordsOf([{ metadata: { name: 'x' }, data: { password: base64('short') } }, { metadata: { name: 'y' } }]),
  ).toEqual([]);
});

test.each([
  ['in plain text', `PASSWORD=${secret}\n`, ['log']],
  ['as base64', `password: ${base64(secret)}`, ['log']],
  ['masked', 'password: ***', []],
])('%s', (_name, log, expected) => expect(leaks({ log, other: 'nothing' }, [secret])).toEqual(expected));
