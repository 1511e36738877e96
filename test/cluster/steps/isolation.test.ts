import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { run } from '../../../tooling/run.ts';
import { connectScript } from './isolation.ts';

test('the script says which ports answer', async () => {
  const server = createServer((socket) => socket.end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const open = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const script = connectScript([open, '127.0.0.1:1']);
    const printed = await run(process.execPath, ['--input-type=module', '--eval', script]);
    expect(JSON.parse(printed)).toEqual({ [open]: true, '127.0.0.1:1': false });
  } finally {
    server.close();
  }
});
