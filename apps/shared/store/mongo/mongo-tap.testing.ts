// Shows a test the commands that a client sends to MongoDB, read from the bytes on the wire.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { BSON } from 'mongodb';
import { WireReader } from '../../../../local/servers/mongo-wire.ts';

/** A proxy in front of MongoDB that records commands. */
export interface MongoTap {
  /** The address of the proxy. */
  readonly url: string;
  /** The commands since `clear`, without the documents that insert commands carry apart. */
  readonly commands: readonly BSON.Document[];
  clear(): void;
  close(): Promise<void>;
}

/** @param url MongoDB's address */
export async function openMongoTap(url: string): Promise<MongoTap> {
  const { hostname, port } = new URL(url);
  const commands: BSON.Document[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const reader = new WireReader();
    client.on('data', (chunk: Buffer) => {
      for (const message of reader.push(chunk)) {
        const command = readOpMsg(message);
        if (command) commands.push(command);
      }
    });
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const tapped = new URL(url);
  tapped.port = String((server.address() as AddressInfo).port);
  return {
    url: tapped.href,
    commands,
    clear: () => void commands.splice(0),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const OP_MSG = 2013;

/** The command of an OP_MSG: header (16), flags (4), then sections: kind 0 is the command. */
function readOpMsg(message: Buffer): BSON.Document | undefined {
  if (message.readInt32LE(12) !== OP_MSG) return undefined;
  for (let at = 20; at < message.length; ) {
    const length = message.readInt32LE(at + 1);
    if (message[at] === 0) return BSON.deserialize(message.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return undefined;
}
