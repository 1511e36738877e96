// The part of Kafka's protocol that asks a broker which brokers are up.
import { connect } from 'node:net';

const metadataKey = 3;
const metadataVersion = 4;
const noTopics = 0;

/** A Metadata request (version 4) that asks for no topic. */
function metadataRequest(): Buffer {
  const client = 'breakwater-ready';
  const body = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length + 4 + 1);
  let at = body.writeInt32BE(body.length - 4, 0);
  at = body.writeInt16BE(metadataKey, at);
  at = body.writeInt16BE(metadataVersion, at);
  at = body.writeInt32BE(1, at); // correlation id
  at = body.writeInt16BE(client.length, at);
  at += body.write(client, at);
  at = body.writeInt32BE(noTopics, at);
  body.writeUInt8(0, at); // create no topics
  return body;
}

/** How many brokers the answer to `metadataRequest` lists. */
function brokersIn(answer: Buffer): number {
  return answer.readInt32BE(12); // after length, correlation id and throttle time
}

/** How many live brokers the one on `port` knows of; 0 while it does not answer. */
export function liveBrokers(port: number): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(metadataRequest()));
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('data', (answer) => {
      resolve(answer.length >= 16 ? brokersIn(answer) : 0);
      socket.destroy();
    });
    socket.once('error', () => resolve(0));
    socket.once('close', () => resolve(0));
  });
}
