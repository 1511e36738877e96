import { expect, test } from '@jest/globals';
import { mongoAddresses } from './mongo-address.ts';

test.each([
  [
    'mongodb://127.0.0.1:1234/?directConnection=true',
    {
      direct: 'mongodb://127.0.0.1:1234/breakwater?directConnection=true',
      upstream: '127.0.0.1:1234',
      throughGate: 'mongodb://127.0.0.1:27018/breakwater?directConnection=true',
    },
  ],
  [
    'mongodb://user:p%40ss@db.test/other?authSource=admin',
    {
      direct: 'mongodb://user:p%40ss@db.test:27017/other?authSource=admin&directConnection=true',
      upstream: 'db.test:27017',
      throughGate: 'mongodb://user:p%40ss@127.0.0.1:27018/other?authSource=admin&directConnection=true',
    },
  ],
])('%s', (url, expected) => {
  expect(mongoAddresses(url, 27_018)).toEqual(expected);
});

test.each(['mongodb://a:1,b:2/x', 'mongodb+srv://a/x', 'nonsense'])(
  '%s is refused: the gate takes one server',
  (url) => {
    expect(() => mongoAddresses(url, 27_018)).toThrow(/one host/);
  },
);
