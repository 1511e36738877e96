import { describe, expect, test } from '@jest/globals';
import { findTargets, type Lookup } from './targets.ts';

const failure = (code: string) => Object.assign(new Error(code), { code });
const names: Record<string, readonly string[] | Error> = {
  'api-pods': ['10.0.0.1', '10.0.0.2'],
  six: ['fd00::1'],
  'scaled-to-zero': failure('ENOTFOUND'),
  'no-address': failure('ENODATA'),
  broken: failure('EAI_AGAIN'),
};
const lookup: Lookup = async (host) => {
  const found = names[host]!;
  if (found instanceof Error) throw found;
  return found;
};

describe('where the processes are', () => {
  test.each<[string, string[], string[], string | undefined]>([
    ['nowhere', [], [], undefined],
    ['addresses', ['127.0.0.1:1', '127.0.0.1:2'], ['127.0.0.1:1', '127.0.0.1:2'], undefined],
    ['an IPv6 address', ['[::1]:1'], ['[::1]:1'], undefined],
    ['a name with several', ['api-pods:9464'], ['10.0.0.1:9464', '10.0.0.2:9464'], undefined],
    ['an IPv6 name', ['six:9464'], ['[fd00::1]:9464'], undefined],
    ['one address named twice', ['api-pods:1', '10.0.0.1:1'], ['10.0.0.1:1', '10.0.0.2:1'], undefined],
    ['a service without pods', ['scaled-to-zero:1', 'no-address:1'], [], undefined],
    ['a name server that fails', ['broken:1'], [], 'broken could not be looked up (EAI_AGAIN)'],
  ])('%s', async (_what, targets, addresses, trouble) => {
    expect(await findTargets(targets, lookup)).toEqual({ addresses, trouble });
  });
});
