// Connections to the agent's own broker and to the other brokers, each opened once and reused.
import { type Api, Connection } from './connection.ts';
import type { Metadata } from './requests.ts';

type Broker = Metadata['brokers'][number];

export class Peers {
  /** The agent's own broker. */
  readonly own: Connection;
  readonly #broker: number;
  readonly #others = new Map<string, Connection>();
  #lastAnswered: number | undefined;

  /** @param broker id of the broker that listens at `host` and `port` */
  constructor(broker: number, host: string, port: number) {
    this.own = new Connection(host, port);
    this.#broker = broker;
  }

  /** The connection to a broker, which may be the agent's own. */
  to({ id, host, port }: Broker): Connection {
    if (id === this.#broker) return this.own;
    const address = `${host}:${port}`;
    const connection = this.#others.get(address) ?? new Connection(host, port);
    this.#others.set(address, connection);
    return connection;
  }

  /**
   * Sends a request to another broker: first to the one that answered last.
   * @returns undefined if no broker answers
   */
  async sendToAnother<Response>(
    api: Api<undefined, Response>,
    brokers: readonly Broker[],
  ): Promise<Response | undefined> {
    const others = brokers.filter(({ id }) => id !== this.#broker);
    for (const broker of others.sort(
      (a, b) => Number(b.id === this.#lastAnswered) - Number(a.id === this.#lastAnswered),
    )) {
      const response = await this.to(broker)
        .send(api, undefined)
        .catch(() => undefined);
      if (response !== undefined) {
        this.#lastAnswered = broker.id;
        return response;
      }
    }
    return undefined;
  }

  close(): void {
    this.own.close();
    for (const connection of this.#others.values()) connection.close();
    this.#others.clear();
  }
}
