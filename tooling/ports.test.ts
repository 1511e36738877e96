import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { assertPortFree, freePorts, isPortTaken, listeningInodes, portHolder } from './ports.ts';

test('free ports are different ones', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) await assertPortFree(port, 'a test');
});

test('a taken port names its holder', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  expect(await portHolder(port)).toContain(`(process ${process.pid})`);
  await expect(assertPortFree(port, 'the API')).rejects.toThrow(
    new RegExp(`port ${port}, wanted for the API, is taken: .*process ${process.pid}`),
  );
  expect(await isPortTaken(port, '127.0.0.1')).toBe(true);
  // Of an address of another machine nobody here can say so.
  expect(await isPortTaken(port, '192.0.2.1')).toBe(false);
  server.close();
  await once(server, 'close');
  expect(await isPortTaken(port, '127.0.0.1')).toBe(false);
});

test('only listening sockets on the port count', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 111 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 222 1 0 100 0 0 10 0
   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 333 1 0 100 0 0 10 0`;
  expect(listeningInodes(table, 8080)).toEqual(['111']);
});
