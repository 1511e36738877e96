// A port of this machine that leads to a server which only the pods of a cluster reach, such as a
// database in the cluster's network: each connection is a `kubectl exec` in a pod that may reach it.
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { signalGroup } from '../process/guard.ts';
import type { Kubectl } from './kubectl.ts';

/**
 * Connects standard input and output to a server. A second Node would not fit in a pod's memory. It
 * waits for both directions: Node, as the pod's first process, would leave them as zombies.
 */
const CONNECT = 'exec 3<>"/dev/tcp/$0/$1" || exit; cat <&3 & cat <&0 >&3 & wait -n; kill $(jobs -p); wait';

export interface RelayTarget {
  readonly namespace: string;
  /** A pod with bash that may reach the server, such as `deployment/api`. */
  readonly pod: string;
  readonly host: string;
  readonly port: number;
}

export class Relay {
  readonly #kubectl: Kubectl;
  readonly #target: RelayTarget;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server = createServer((socket) => this.#connect(socket));

  /** Listens on a free port. Does not check that the server is reachable. */
  static async open(kubectl: Kubectl, target: RelayTarget): Promise<Relay> {
    const relay = new Relay(kubectl, target);
    await once(relay.#server.listen(0, '127.0.0.1'), 'listening');
    return relay;
  }

  private constructor(kubectl: Kubectl, target: RelayTarget) {
    this.#kubectl = kubectl;
    this.#target = target;
  }

  /** On 127.0.0.1. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends its connections too. */
  async close(): Promise<void> {
    const closed = once(this.#server.close(), 'close');
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connect(socket: Socket): void {
    const { namespace, pod, host, port } = this.#target;
    const child = this.#kubectl.execPiped(namespace, pod, ['bash', '-c', CONNECT, host, String(port)]);
    this.#sockets.add(socket);
    socket.pipe(child.stdin!).on('error', () => socket.destroy());
    child.stdout!.pipe(socket);
    child.once('error', () => socket.destroy()).once('close', () => socket.destroy());
    socket
      .on('error', () => socket.destroy())
      .once('close', () => {
        this.#sockets.delete(socket);
        signalGroup(child, 'SIGTERM');
      });
  }
}
